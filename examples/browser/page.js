// The page: loads the generator once, draws a sample for each click.
import { InferenceSession } from "onnxruntime-web";
import { sample } from "./sample.js";

const find = (id) => document.getElementById(id);
const [canvas, draw, which, label, said] = ["canvas", "draw", "which", "label", "said"].map(find);

async function show(session) {
  const began = performance.now();
  const { pixels, width, height } = await sample(session, Number(label.value));
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  said.textContent = `drawn in ${Math.round(performance.now() - began)} ms`;
}

try {
  const session = await InferenceSession.create("/g.onnx");
  which.hidden = !session.inputNames.includes("labels");
  const again = () => show(session).catch((error) => (said.textContent = error.message));
  draw.addEventListener("click", again);
  draw.disabled = false;
  await again();
} catch (error) {
  said.textContent = error.message;
}
