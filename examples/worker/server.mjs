// Serves samples of a run over HTTP, drawn by a thread of their own: a PNG at
// http://127.0.0.1:8080/?label=2&seed=7&count=16. It switches to each new checkpoint of the run as it comes.
// At SIGTERM it answers the requests that it has, and ends.
//   node examples/worker/server.mjs runs/cgan 8080
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** @typedef {{ status: number, body: Uint8Array | string, step: number }} Answer */

const [run = "runs/cgan", port = "8080"] = process.argv.slice(2);
/** Requests at a time; further ones are told to try again later. */
const most = 64;

const painter = new Worker(new URL("painter.mjs", import.meta.url), { workerData: { run } });
/** Those who wait for an answer, by the number of the request. @type {Map<number, (answer: Answer) => void>} */
const waiting = new Map();
let questions = 0;

/** @param {Record<string, string>} query @param {AbortSignal} signal @returns {Promise<Answer>} */
function ask(query, signal) {
  const id = ++questions;
  signal.addEventListener("abort", () => waiting.has(id) && painter.postMessage({ id }));
  painter.postMessage({ id, query });
  return new Promise((resolve) => waiting.set(id, resolve));
}

const server = createServer(async (request, response) => {
  if (waiting.size >= most) {
    response.writeHead(503, { "retry-after": "1" }).end("Too many at a time\n");
    return;
  }
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  // Not by new URL(), which a path such as // makes throw.
  const asked = new URLSearchParams(request.url?.replace(/^[^?]*/, ""));
  const { status, body, step } = await ask(Object.fromEntries(asked), gone.signal);
  const type = status === 200 ? "image/png" : "text/plain; charset=utf-8";
  response.writeHead(status, {
    ...{ "content-type": type, "x-step": step },
    ...(server.listening ? {} : { connection: "close" }),
  });
  response.end(body);
});

// An error that the worker throws by itself ends the program, and so does a run that it cannot draw with.
painter.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
await once(painter, "message"); // it can draw
painter.on("message", (/** @type {Answer & { id: number }} */ { id, ...answer }) => {
  waiting.get(id)?.(answer);
  waiting.delete(id);
});

server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const open = typeof address === "object" ? address?.port : port;
  console.log(`http://127.0.0.1:${open}/ draws with ${run}`);
});

async function end() {
  for (const signal of signals) process.off(signal, end); // another one ends it at once
  const closed = once(server, "close");
  server.close(); // nobody new; those who wait get their answer
  while (waiting.size > 0) await sleep(50);
  // And the time to read it. A connection that never asked would stay open for a minute.
  setTimeout(() => server.closeAllConnections(), 2000).unref();
  await closed;
  await painter.terminate();
}
const signals = ["SIGINT", "SIGTERM"];
for (const signal of signals) process.on(signal, end);
