// News of runs, as a page hears them.
import { appendFile, rename, rm, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CurveNews, RunCard } from "../../lib/dashboard/page/protocol.js";
import { startDashboard } from "../../lib/dashboard/serve.js";
import { ask, config, line, listen, writeRun } from "../helpers/dashboard.js";
import { aMoment, serveRuns } from "../helpers/served-runs.js";

const { folder, dashboard, at, get, cardOf } = await serveRuns();

describe("live news", () => {
  it("tells the list and the curve, then only what is new", async () => {
    const page = listen(dashboard.port, ["a"]);
    expect(await page.next("runs")).toMatchObject({ runs: [{ id: "sweep/b" }, { id: "a" }] });
    const first = (await page.next("ticks")) as CurveNews;
    expect(first).toMatchObject({ run: "a", from: 0, ticks: 2 });
    await appendFile(at("a", "stats.jsonl"), line(150).slice(0, 30));
    await aMoment();
    await appendFile(at("a", "stats.jsonl"), line(150).slice(30));
    const second = (await page.next("ticks")) as CurveNews;
    expect(second).toMatchObject({ run: "a", from: 1, ticks: 3, problems: [] });
    expect(second.rows.map(([step]) => step)).toEqual([100, 150]);
    page.close();
  });

  it("hears of runs that come, vanish, and come back as others", async () => {
    const page = listen(dashboard.port, ["e"]);
    await page.next("runs");
    const has = (there: boolean) => (data: { runs: RunCard[] }) =>
      data.runs.some(({ id }) => id === "e") === there;
    // As RunFolder.create() does: under its name only when it is whole.
    await writeRun(join(folder.path, "new"), { stats: line(10) + line(20) });
    await rename(join(folder.path, "new"), at("e"));
    await page.next("runs", has(true));
    expect(await page.next("ticks")).toMatchObject({ run: "e", ticks: 2 });
    await rm(at("e"), { recursive: true });
    await page.next("runs", has(false));
    expect((await get("/api/plan?run=e")).status).toBe(404);
    await writeRun(join(folder.path, "new"), { stats: line(10) });
    await rename(join(folder.path, "new"), at("e"));
    expect(await page.next("ticks")).toMatchObject({ run: "e", from: 0, ticks: 1 });
    page.close();
    await rm(at("e"), { recursive: true });
  });

  it("tells runs of two sweeps apart that end alike", async () => {
    for (const sweep of ["x", "y"]) await writeRun(at(sweep, "lr1"));
    await aMoment();
    for (const id of ["x/lr1", "y/lr1"]) expect(await cardOf(id)).toMatchObject({ name: id });
    for (const sweep of ["x", "y"]) await rm(at(sweep), { recursive: true });
    await aMoment();
  });

  it("does not wait for a pipe that somebody called stats.jsonl", async () => {
    await writeRun(at("i"), { samples: [7] });
    await rm(at("i", "stats.jsonl"));
    execFileSync("mkfifo", [at("i", "stats.jsonl")]);
    await aMoment();
    const page = listen(dashboard.port, ["i"]);
    expect(await page.next("runs")).toMatchObject({ runs: { length: 3 } });
    expect(await cardOf("i")).toMatchObject({ step: null, samples: [7], state: "running" });
    page.close();
    await rm(at("i"), { recursive: true });
    await aMoment();
  });

  it("knows how a run is: going on, silent, ended, broken", async () => {
    const ending = { state: "failed", reason: "Expected finite losses for step 7", step: 7 };
    await writeRun(at("f"));
    await writeFile(at("f", "summary.json"), JSON.stringify(ending));
    await writeRun(at("g"), { config: '{"preset": ' });
    await writeRun(at("h"), { config: { ...config, preset: "stylegan" }, stats: "" });
    await aMoment();
    expect(await cardOf("f")).toMatchObject({
      state: "failed",
      step: 7,
      problems: [ending.reason],
    });
    expect(await cardOf("g")).toMatchObject({
      state: "unreadable",
      problems: ["Its config.json cannot be read: it is not JSON."],
    });
    expect(await cardOf("h")).toMatchObject({
      ...{ state: "running", preset: "stylegan", step: null },
      problems: [
        expect.stringMatching(
          /^Its config.json makes no sense: Expected one of .* for preset but received "stylegan"\.$/,
        ),
      ],
    });
    expect(await cardOf("a")).toMatchObject({ state: "running", problems: [] });
    const plan = await get("/api/plan?run=h");
    expect(plan.status).toBe(409);
    expect(plan.json.error).toMatch(
      /its config.json: Expected one of .* for preset but received "stylegan"/,
    );
    await Promise.all(["f", "g", "h"].map((name) => rm(at(name), { recursive: true })));
  });

  it("ends with the server", async () => {
    const other = await startDashboard({ folder: at(), port: 0 }, String);
    const page = listen(other.port, ["a"]);
    await page.next("runs");
    await other[Symbol.asyncDispose]();
    await expect(ask(other.port, "/")).rejects.toThrow("ECONNREFUSED");
    page.close();
  });
});
