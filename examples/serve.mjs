// Serves samples of a checkpoint over HTTP, with Sparring: a grid of them as PNG at
// http://127.0.0.1:8080/?count=64. When a client goes away, it draws no more for it.
//   node examples/serve.mjs runs/mnist/checkpoints/002000 8080
import { createServer } from "node:http";
import { Generator } from "sparring";

const [path = "checkpoint", port = "8080"] = process.argv.slice(2);
const generator = await Generator.load(path);
const most = 10_000;

/** @param {string} asked @param {AbortSignal} signal */
async function drawPng(asked, signal) {
  const count = Number(asked);
  if (!Number.isInteger(count) || count < 1 || count > most) {
    const what = `a whole number from 1 to ${most}`;
    throw new RangeError(`Expected ${what} for count but received ${asked || "nothing"}`);
  }
  const samples = await generator.sample(count, { execution: "fused", signal });
  // Without a range, what is white would depend on the samples of each answer.
  return samples.toPng({ columns: Math.ceil(Math.sqrt(count)), range: generator.range });
}

const server = createServer(async (request, response) => {
  // Not by new URL(), which a path such as // makes throw.
  const asked = new URLSearchParams(request.url?.replace(/^[^?]*/, ""));
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  try {
    const png = await drawPng(asked.get("count") ?? "64", gone.signal);
    response.writeHead(200, { "content-type": "image/png" }).end(png);
  } catch (error) {
    if (gone.signal.aborted) return console.log("a client went away");
    const ours = error instanceof RangeError;
    response.writeHead(ours ? 400 : 500).end(`${ours ? error.message : error}\n`);
  }
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const open = typeof address === "object" ? address?.port : port;
  console.log(`http://127.0.0.1:${open}/ draws with ${path}`);
});
