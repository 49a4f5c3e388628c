// Serves a generator over HTTP, with neither Sparring nor libtorch nor Python at hand: a PNG at
// http://127.0.0.1:8080/?label=7, the label only where the generator has classes.
//   node examples/serve-onnx.mjs g.onnx 8080
// onnxruntime-node has the same names and is faster; it fetches a part of itself while it is installed.
import { createServer } from "node:http";
import { InferenceSession, Tensor } from "onnxruntime-web";
import sharp from "sharp";

const [path = "g.onnx", port = "8080"] = process.argv.slice(2);
const session = await InferenceSession.create(path);
const widths = Object.fromEntries(
  session.inputMetadata.map((input) => [input.name, input.isTensor ? Number(input.shape[1]) : 0]),
);

/** N(0, 1), by Box and Muller. */
const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const uniform = () => 2 * Math.random() - 1;
const drawn = (width = 0, draw = normal) =>
  new Tensor("float32", Float32Array.from({ length: width }, draw), [1, width]);

/** One sample as PNG: values of [-1, 1], channel after channel, become bytes, pixel after pixel. */
async function drawPng(label = 0) {
  const { images } = await session.run({
    noise: drawn(widths.noise),
    ...("labels" in widths && { labels: new Tensor("int64", [BigInt(label)], [1]) }),
    ...("codes" in widths && { codes: drawn(widths.codes, uniform) }),
  });
  if (images === undefined) throw new Error("Expected a model with the output images");
  const [, channels = 1, height = 1, width = 1] = images.dims;
  const values = await images.getData();
  const bytes = Uint8Array.from({ length: values.length }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    return Math.round(127.5 * (Number(values[channel * height * width + pixel]) + 1));
  });
  return sharp(bytes, { raw: { width, height, channels: channels === 3 ? 3 : 1 } })
    .png()
    .toBuffer();
}

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  const label = searchParams.get("label") ?? "0";
  if (!/^\d{1,6}$/.test(label)) {
    response.writeHead(400).end(`Expected a whole number for label but received ${label}\n`);
    return;
  }
  try {
    const png = await drawPng(Number(label));
    response.writeHead(200, { "content-type": "image/png" }).end(png);
  } catch (error) {
    response.writeHead(500).end(`${error}\n`);
  }
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const open = typeof address === "object" ? address?.port : port;
  console.log(`http://127.0.0.1:${open}/ draws with ${path}`);
});
