// Runs as folders without a training, and a client that may say anything of itself.
import { mkdir, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import type { ExploreRequest } from "../../lib/dashboard/page/protocol.js";
import { type Started, startCli } from "./cli.js";

/** A config.json as a run of the MLP on 8×8 images writes it, as far as it is read. */
export const config = {
  preset: "mlp",
  data: "mnist",
  images: 128,
  size: 8,
  channels: 1,
  classes: 0,
  steps: 100,
  batch: 32,
  sampleSeed: 0,
  ema: null,
  started: "2026-01-02T03:04:05.000Z",
};

/** A line of stats.jsonl. */
export function line(step: number, more: object = {}): string {
  const health = {
    realAccuracy: 0.75,
    fakeAccuracy: 0.5,
    realScore: 0.6,
    fakeScore: 0.4,
    generatorGradientNorm: 2,
    discriminatorGradientNorm: 3,
    diversity: 0.25,
    augmentProbability: 0.125,
  };
  const losses = { discriminatorLoss: 1 + step, generatorLoss: -step };
  const tick = { step, ...losses, imagesPerSecond: 640, seconds: step / 10, health, warnings: [] };
  return `${JSON.stringify({ ...tick, ...more })}\n`;
}

/** Writes the folder of a run. */
export async function writeRun(
  path: string,
  {
    stats = line(10),
    ...more
  }: { stats?: string; config?: object | string; samples?: number[] } = {},
): Promise<void> {
  await mkdir(join(path, "samples"), { recursive: true });
  const given = more.config ?? config;
  const text = typeof given === "string" ? given : JSON.stringify(given);
  await writeFile(join(path, "config.json"), text);
  await writeFile(join(path, "stats.jsonl"), stats);
  for (const step of more.samples ?? [])
    await writeFile(join(path, "samples", `${step}.png`), `picture ${step}`);
}

/** A dashboard in a process of its own. */
export interface Serving extends Started {
  /** The address of its page, with a slash at the end. */
  readonly url: string;
}

/** Starts the dashboard of a folder of runs, seen from `cwd`, on a free port. */
export async function startDashboard(path: string, cwd: string): Promise<Serving> {
  const started = startCli(["dashboard", path, "--port", "0", "--json"], cwd);
  return { ...started, url: await started.says(/http:[^"]+(?=")/) };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** biome-ignore lint/suspicious/noExplicitAny: whatever the server said */
  readonly json: any;
}

/** Asks a server on this machine; headers such as Host and Origin are as given. */
export function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | undefined } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, body } = options;
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const whole = Buffer.concat(chunks);
        const text = whole.toString("utf8");
        const isJson = answer.headers["content-type"]?.startsWith("application/json");
        // The answer to HEAD has the type of what it leaves out.
        const json = isJson && text !== "" ? JSON.parse(text) : undefined;
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: whole,
          text,
          json,
        });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** The token that the page of a server holds. */
export async function tokenOf(port: number): Promise<string> {
  const [, token] = /name="token" content="([^"]+)"/.exec((await ask(port, "/")).text) ?? [];
  return token ?? "";
}

/** The headers with which the page of a server asks its explorer. */
export const explorerHeaders = async (port: number) => ({
  "X-Sparring-Token": await tokenOf(port),
  "Content-Type": "application/json",
});

/** Asks the explorer of a server, as its page does: for one sample of the run `one`, unless asked otherwise. */
export async function explorerOf(port: number) {
  const headers = await explorerHeaders(port);
  return (asked: Partial<ExploreRequest> = {}): Promise<Answer> => {
    const usual = {
      run: "one",
      step: null,
      raw: false,
      method: "spherical",
      points: [{ from: 1 }],
    };
    const body = JSON.stringify({ ...usual, ...asked });
    return ask(port, "/api/explore", { method: "POST", headers, body });
  };
}

/** News of a server, as a page hears them; close() leaves. */
export function listen(
  port: number,
  ids: readonly string[],
): {
  /** The next news of this name that `wanted` accepts, of those that came or come. */
  next(event: string, wanted?: (data: never) => boolean): Promise<never>;
  close(): void;
} {
  const heard: { event: string; data: unknown }[] = [];
  const waiting = new Set<() => void>();
  const query = new URLSearchParams(ids.map((id) => ["run", id] as [string, string]));
  const sent = request({ host: "127.0.0.1", port, path: `/api/live?${query}` }, (answer) => {
    let rest = "";
    answer.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n\n");
      rest = parts.pop() as string;
      for (const part of parts) {
        const [, event = "", data = "null"] = /^event: (\w+)\ndata: ?(.*)$/s.exec(part) ?? [];
        heard.push({ event, data: data === "" ? null : JSON.parse(data) });
      }
      for (const one of waiting) one();
    });
    answer.on("error", () => {});
  });
  sent.on("error", () => {});
  sent.end();
  return {
    next: (event, wanted = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const place = heard.findIndex((one) => one.event === event && wanted(one.data as never));
          if (place < 0) return;
          waiting.delete(look);
          const [found] = heard.splice(0, place + 1).slice(-1);
          resolve(found?.data as never);
        };
        waiting.add(look);
        look();
      }),
    close: () => sent.destroy(),
  };
}
