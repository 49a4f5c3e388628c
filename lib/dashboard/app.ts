// What can be asked of the dashboard. Every path is a fixed one, and every run one of the list: no
// part of a question becomes a file name.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { etag } from "hono/etag";
import { streamSSE } from "hono/streaming";
import { isMisuse, SparringError } from "../errors.js";
import { readAsset, readPage } from "./assets.js";
import type { Explorer } from "./explorer/host.js";
import { checkRequest } from "./explorer/request.js";
import { guard, headers } from "./guard.js";
import { tellNews } from "./live.js";
import { mostFollowed } from "./page/protocol.js";
import { planOf } from "./plan.js";
import type { Runs } from "./runs.js";

export interface AppOptions {
  readonly runs: Runs;
  readonly explorer: Explorer;
  /** What anything but a read has to bring. */
  readonly token: string;
  /** Ends the streams of news. */
  readonly signal: AbortSignal;
}

/** Far more than any question of the page. */
const longestQuestion = 256 * 1024;

export function createApp({ runs, explorer, token, signal }: AppOptions): Hono {
  const app = new Hono();
  app.use(headers, guard(token));
  app.use(async (c, next) => {
    await next();
    // The browser asks again each time: what is new is shown at once, and what is not costs a line.
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-cache");
  });
  addPage(app, token);
  addReads(app, runs, signal);
  addExplorer(app, runs, explorer);
  app.notFound((c) => c.json({ error: "There is nothing of that name" }, 404));
  app.onError((error, c) => {
    if (error instanceof SparringError) return c.json({ error: error.message }, 409);
    return c.json({ error: error.message }, isMisuse(error) ? 400 : 500);
  });
  return app;
}

/** The page and its files. */
function addPage(app: Hono, token: string): void {
  app.get("/", compress(), async (c) => {
    c.header("cache-control", "no-store");
    return c.html(await readPage(token));
  });
  app.get("/page/:name", compress(), etag(), async (c) => {
    const asset = await readAsset(c.req.param("name"));
    if (asset === undefined) return c.notFound();
    return c.body(asset.content, 200, { "content-type": asset.type });
  });
}

/** What can be read of runs. @param signal ends the streams of news */
function addReads(app: Hono, runs: Runs, signal: AbortSignal): void {
  app.get("/api/live", (c) => {
    const ids = (c.req.queries("run") ?? []).slice(0, mostFollowed);
    return streamSSE(c, (stream) => tellNews(stream, runs, ids, signal));
  });
  app.get("/api/runs", compress(), async (c) =>
    c.json({ folder: runs.path, runs: await runs.list() }),
  );
  app.get("/api/plan", compress(), async (c) => {
    const run = await find(runs, c.req.query("run"));
    return run === undefined ? c.json(gone, 404) : c.json(await planOf(run));
  });
  app.get("/api/sample", etag(), async (c) => {
    const run = await find(runs, c.req.query("run"));
    const step = c.req.query("step") ?? "";
    const png = /^\d{1,15}$/.test(step) ? await run?.sample(Number(step)) : undefined;
    if (png === undefined) return c.json(gone, 404);
    return c.body(new Uint8Array(png), 200, { "content-type": "image/png" });
  });
}

/** Samples of any point in the latent space of a run's generator. */
function addExplorer(app: Hono, runs: Runs, explorer: Explorer): void {
  app.post("/api/explore", bodyLimit({ maxSize: longestQuestion, onError: tooLong }), async (c) => {
    const request = checkRequest(await c.req.json().catch(() => undefined));
    const run = await find(runs, request.run);
    if (run === undefined) return c.json(gone, 404);
    const answer = await explorer.ask({ ...request, path: run.folder.path });
    if ("error" in answer) return c.json({ error: answer.error }, answer.isMisuse ? 400 : 409);
    return c.body(new Uint8Array(answer.png), 200, {
      "content-type": "image/png",
      "cache-control": "no-store",
      "x-step": String(answer.step),
      "x-averaged": String(answer.averaged),
      "x-milliseconds": answer.milliseconds.toFixed(1),
    });
  });
}

/** What the middleware itself would throw has no sentence. */
const tooLong = (c: Context) =>
  c.json(
    { error: `Expected a question of at most ${longestQuestion} bytes but received more` },
    413,
  );

const gone = { error: "It is not there, or not any more" };

/** A run of the list, which is made anew if it is old: a run that just vanished is not asked. */
async function find(runs: Runs, id: string | undefined) {
  await runs.list();
  return id === undefined ? undefined : runs.get(id);
}
