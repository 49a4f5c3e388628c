// What the server reads again and what it does not, and where it stops: a folder may hold anything.
import { appendFile, mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SSEStreamingApi } from "hono/streaming";
import { describe, expect, it } from "vitest";
import { FileMemo } from "../../lib/dashboard/file-memo.js";
import { tellNews } from "../../lib/dashboard/live.js";
import { type CurveNews, mostFollowed } from "../../lib/dashboard/page/protocol.js";
import { Runs } from "../../lib/dashboard/runs.js";
import { startDashboard } from "../../lib/dashboard/serve.js";
import { parseTick } from "../../lib/dashboard/ticks.js";
import { ask, line, listen, writeRun } from "../helpers/dashboard.js";
import { aMoment, serveRuns } from "../helpers/served-runs.js";

const { folder, dashboard, at, get } = await serveRuns();

describe("FileMemo", () => {
  it("reads a file again where its size, its time or the file itself is another, and then only", async () => {
    const path = join(folder.path, "memo");
    const [early, late] = [new Date(1_000_000_000_000), new Date(1_000_000_060_000)];
    let reads = 0;
    const memo = new FileMemo(path, async () => ++reads);
    expect([await memo.get(), memo.changed]).toEqual([undefined, 0]);
    await writeFile(path, "one");
    await utimes(path, early, early);
    expect([await memo.get(), await memo.get(), memo.changed]).toEqual([1, 1, early.getTime()]);
    await writeFile(path, "two!");
    await utimes(path, early, early);
    expect(await memo.get()).toBe(2);
    await utimes(path, late, late);
    expect([await memo.get(), memo.changed]).toEqual([3, late.getTime()]);
    // As large and as old as the one that it takes the place of.
    await writeFile(`${path}.new`, "four");
    await utimes(`${path}.new`, late, late);
    await rename(`${path}.new`, path);
    expect([await memo.get(), await memo.get()]).toEqual([4, 4]);
    await rm(path);
    expect(await memo.get()).toBeUndefined();
    await writeFile(path, "four");
    await utimes(path, late, late);
    expect(await memo.get()).toBe(5);
  });
});

describe("the list", () => {
  it("is made once for all who ask within a moment", async () => {
    const runs = await Runs.in(at(), "the folder");
    const first = runs.list();
    expect(runs.list()).toBe(first);
    await first;
    await aMoment();
    expect(runs.list()).not.toBe(first);
  });

  it("ends after five thousand folders: somebody may name a whole disk", async () => {
    for (let i = 0; i <= 5000; ++i) await mkdir(at(`wide/${i}`), { recursive: true });
    await writeRun(at("wide/0/run"));
    const found = async () => (await (await Runs.in(at("wide"), "the folder")).list()).length;
    expect(await found()).toBe(0);
    for (let i = 1; i <= 10; ++i) await rm(at(`wide/${i}`), { recursive: true });
    expect(await found()).toBe(1);
    await rm(at("wide"), { recursive: true });
    await aMoment();
  });

  it("is there for the first question, whatever that is", async () => {
    const other = await startDashboard({ folder: at(), port: 0 }, String);
    expect((await ask(other.port, "/api/sample?run=a&step=50")).text).toBe("picture 50");
    await other[Symbol.asyncDispose]();
  });
});

describe("news", () => {
  it("have the list where it is another, and end when the page leaves", async () => {
    const runs = await Runs.in(at(), "the folder");
    const told: string[] = [];
    let leave = () => {};
    const stream = {
      writeSSE: async ({ event }: { event?: string }) => void told.push(event ?? ""),
      onAbort: (call: () => void) => {
        leave = call;
      },
    } as unknown as SSEStreamingApi;
    const over = tellNews(stream, runs, ["a"], new AbortController().signal);
    await expect.poll(() => told).toEqual(["runs", "ticks"]);
    // Two turns later it has only told what is new.
    await aMoment();
    await aMoment();
    expect(told).toEqual(["runs", "ticks"]);
    await appendFile(at("a", "samples", "150.png"), "picture 150");
    await expect.poll(() => told).toEqual(["runs", "ticks", "runs"]);
    leave();
    await over;
    await rm(at("a", "samples", "150.png"));
    await aMoment();
  });

  it("follow the first 32 runs that a page asks for", async () => {
    const ids = Array.from({ length: mostFollowed + 1 }, (_, i) => `many/${i}`);
    for (const id of ids) await writeRun(at(id));
    await aMoment();
    const page = listen(dashboard.port, ids);
    let followed = false;
    const of = (id: string, ticks: number) => (news: CurveNews) =>
      news.run === id && news.ticks === ticks;
    void page.next("ticks", of(ids.at(-1) as string, 1)).then(() => {
      followed = true;
    });
    await page.next("ticks", of(ids[mostFollowed - 1] as string, 1));
    await appendFile(at(ids[0] as string, "stats.jsonl"), line(20));
    await page.next("ticks", of(ids[0] as string, 2));
    expect(followed).toBe(false);
    page.close();
    await rm(at("many"), { recursive: true });
    await aMoment();
  });
});

it("a picture of a megabyte is sent, and none of more than 16", async () => {
  const sizes = [1024 ** 2, 16 * 1024 ** 2 + 1];
  for (const size of sizes) await writeFile(at("a", "samples", `${size}.png`), Buffer.alloc(size));
  await aMoment();
  const answers = await Promise.all(sizes.map((size) => get(`/api/sample?run=a&step=${size}`)));
  expect(answers.map(({ status }) => status)).toEqual([200, 404]);
  expect(answers[0]?.body.length).toBe(1024 ** 2);
  for (const size of sizes) await rm(at("a", "samples", `${size}.png`));
  await aMoment();
});

it("a warning of a stranger's is cut", () => {
  const warnings = ["x".repeat(200), 7, "saturated"];
  expect(parseTick(line(1, { warnings }))?.warnings).toEqual(["x".repeat(80), "saturated"]);
});
