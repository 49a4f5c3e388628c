// A sample of a generator as pixels. The same code runs in Node, under the same import.
import { Tensor } from "onnxruntime-web";

/** N(0, 1), by Box and Muller. */
const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const uniform = () => 2 * Math.random() - 1;

function drawn(width, draw) {
  return new Tensor("float32", Float32Array.from({ length: width }, draw), [1, width]);
}

/** One sample of a session, as the RGBA bytes of an ImageData; the label counts where there are classes. */
export async function sample(session, label) {
  const inputs = {};
  for (const { name, shape } of session.inputMetadata) {
    if (name === "labels") inputs.labels = new Tensor("int64", [BigInt(label)], [1]);
    else inputs[name] = drawn(shape[1], name === "noise" ? normal : uniform);
  }
  const { images } = await session.run(inputs);
  const [, channels, height, width] = images.dims;
  const values = await images.getData();
  const plane = height * width;
  const pixels = new Uint8ClampedArray(4 * plane).fill(255);
  for (let i = 0; i < plane; ++i)
    for (let channel = 0; channel < 3; ++channel)
      pixels[4 * i + channel] = 127.5 * (values[(channels === 3 ? channel : 0) * plane + i] + 1);
  return { pixels, width, height };
}
