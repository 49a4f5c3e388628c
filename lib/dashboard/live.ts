// News as they come, to one page: the list of runs, and the curves of those that it shows.
import { setTimeout as sleep } from "node:timers/promises";
import type { SSEStreamingApi } from "hono/streaming";
import type { Runs } from "./runs.js";
import type { SeenTicks } from "./ticks.js";

/** Between two looks at the disk. */
const everyMilliseconds = 1000;
/** Proxies and tunnels close what is silent. */
const aliveEvery = 15;

/**
 * Tells until the page leaves.
 *
 * @param ids the runs whose curves it shows; those that are not there may come yet
 * @param signal ends it with the server
 */
export async function tellNews(
  stream: SSEStreamingApi,
  runs: Runs,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const seen = new Map<string, SeenTicks>();
  let told = "";
  const left = new AbortController();
  stream.onAbort(() => left.abort());
  const over = AbortSignal.any([signal, left.signal]);
  for (let turn = 0; !over.aborted; ++turn) {
    const list = JSON.stringify({ runs: await runs.list() });
    if (list !== told) await stream.writeSSE({ event: "runs", data: list });
    told = list;
    for (const id of ids) await tellTicks(stream, runs, id, seen);
    if (turn % aliveEvery === aliveEvery - 1) await stream.writeSSE({ event: "alive", data: "" });
    await sleep(everyMilliseconds, undefined, { signal: over }).catch(() => {});
  }
}

async function tellTicks(
  stream: SSEStreamingApi,
  runs: Runs,
  id: string,
  seen: Map<string, SeenTicks>,
): Promise<void> {
  const run = runs.get(id);
  if (run === undefined) {
    // Should it come back, it is another one.
    seen.delete(id);
    return;
  }
  await run.ticks.read();
  const found = run.ticks.news(id, seen.get(id));
  if (found === undefined) return;
  seen.set(id, found.seen);
  await stream.writeSSE({ event: "ticks", data: JSON.stringify(found.news) });
}
