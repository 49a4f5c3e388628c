// Serves the page, a generator and onnxruntime-web out of node_modules: nothing comes from anywhere else.
//   node examples/browser/server.mjs g.onnx 8080
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const [model = "g.onnx", port = "8080"] = process.argv.slice(2);
const runtime = new URL(".", import.meta.resolve("onnxruntime-web"));
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".onnx": "application/octet-stream",
  ".wasm": "application/wasm",
};

/** The file behind a path, if there is one: a name leads into no other folder. */
function fileOf(path) {
  if (path === "/g.onnx") return model;
  const [, folder, name] =
    /^\/(ort\/)?(\w[\w.-]*)$/.exec(path === "/" ? "/index.html" : path) ?? [];
  if (name === undefined) return undefined;
  return fileURLToPath(new URL(name, folder === undefined ? import.meta.url : runtime));
}

const server = createServer(async (request, response) => {
  // Not by new URL(), which a path such as // makes throw.
  const file = fileOf(request.url?.replace(/[?#].*/, "") ?? "/");
  try {
    const bytes = await readFile(file);
    const type = types[extname(file)] ?? "text/plain";
    response.writeHead(200, { "content-type": type }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/ draws with ${model}`);
});
