// Serves a generator over HTTP, without Sparring, libtorch or Python: a PNG at
// http://127.0.0.1:8080/?label=7, the label only where the generator has classes.
//   node examples/serve-onnx.mjs g.onnx 8080
// What draws is browser/sample.js. With onnxruntime-node in its import it is faster, and all names are the same;
// that one fetches a part of itself while it is installed.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import sharp from "sharp";
import { load, sample } from "./browser/sample.js";

const [path = "g.onnx", port = "8080"] = process.argv.slice(2);
const generator = await load(await readFile(path));

/** @param {string} label */
async function drawPng(label) {
  const { pixels, width, height } = await sample(generator, label);
  const image = sharp(pixels, { raw: { width, height, channels: 4 } });
  return image.removeAlpha().png().toBuffer();
}

const server = createServer(async (request, response) => {
  // Not by new URL(), which a path such as // makes throw.
  const asked = new URLSearchParams(request.url?.replace(/^[^?]*/, ""));
  try {
    const png = await drawPng(asked.get("label") ?? "0");
    response.writeHead(200, { "content-type": "image/png" }).end(png);
  } catch (error) {
    const ours = error instanceof RangeError;
    response.writeHead(ours ? 400 : 500).end(`${ours ? error.message : error}\n`);
  }
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const open = typeof address === "object" ? address?.port : port;
  console.log(`http://127.0.0.1:${open}/ draws with ${path}`);
});
