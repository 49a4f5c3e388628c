// The page: loads the generator once, draws a sample for each click.
import { load, sample } from "./sample.js";

const find = (id) => document.getElementById(id);
const [canvas, draw, which, label, said] = ["canvas", "draw", "which", "label", "said"].map(find);

async function fetchGenerator(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`Expected a model for ${address} but received none`);
  return load(new Uint8Array(await response.arrayBuffer()));
}

async function show(generator) {
  const began = performance.now();
  const { pixels, width, height } = await sample(generator, label.value);
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  said.textContent = `drawn in ${Math.round(performance.now() - began)} ms`;
}

try {
  const generator = await fetchGenerator("/g.onnx");
  which.hidden = generator.latent.classes === 0;
  const again = () => show(generator).catch((error) => (said.textContent = error.message));
  draw.addEventListener("click", again);
  draw.disabled = false;
  await again();
} catch (error) {
  said.textContent = error.message;
}
