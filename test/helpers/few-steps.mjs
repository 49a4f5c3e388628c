// node --import: whatever is loaded out of examples/ trains for two steps, and tells of each. Nothing is copied, so
// that the file, its name and its imports are those of a reader.
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// The thread of the hooks loads this file, too.
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!/\/examples\/[^/]+\.mjs$/.test(url)) return loaded;
  const source = Buffer.from(loaded.source).toString();
  return {
    ...loaded,
    source: source.replace(/steps: \d+/, "steps: 2").replace(/tickEvery: \d+/, "tickEvery: 1"),
  };
}
