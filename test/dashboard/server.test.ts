// What the server tells of runs.
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { modules } from "../../lib/dashboard/assets.js";
import type { RunCard } from "../../lib/dashboard/page/protocol.js";
import { ShownRun } from "../../lib/dashboard/run.js";
import { Runs } from "../../lib/dashboard/runs.js";
import { startDashboard } from "../../lib/dashboard/serve.js";
import { ask, config, line, writeRun } from "../helpers/dashboard.js";
import { aMoment, serveRuns } from "../helpers/served-runs.js";

const { at, get, cardOf } = await serveRuns();

describe("what it tells", () => {
  it("has every run at any depth, the newest first, with what is known of it", async () => {
    const { runs, folder: shown } = (await get("/api/runs")).json;
    expect(shown).toBe(at());
    expect(runs.map((run: RunCard) => run.id)).toEqual(["sweep/b", "a"]);
    expect(runs[1]).toEqual({
      ...{ id: "a", name: "a", state: "running", problems: [], preset: "mlp", data: "mnist" },
      ...{ step: 100, steps: 100, seconds: 10, imagesPerSecond: 640, generatorLoss: -100 },
      ...{
        discriminatorLoss: 101,
        started: config.started,
        samples: [0, 50, 100],
        checkpoints: [],
      },
    });
  });

  it("looks four folders deep, and not where nobody keeps runs", async () => {
    const places = ["1/2/3/4", "1/2/3/x/5", "node_modules/run", ".hidden/run", "a/within"];
    for (const name of places) await writeRun(at(name));
    await aMoment();
    const { runs } = (await get("/api/runs")).json;
    const ids = runs.map(({ id }: RunCard) => id);
    // Of equal age: by name.
    expect(ids).toEqual(["sweep/b", "1/2/3/4", "a"]);
    for (const name of ["1", "node_modules", ".hidden", "a/within"])
      await rm(at(name), { recursive: true });
    await aMoment();
  });

  it("shows a name without what would turn the line round that it stands in", async () => {
    const id = "a\u202eb\u2066";
    await writeRun(at(id));
    await aMoment();
    expect(await cardOf(id)).toMatchObject({ id, name: "a\ufffdb\ufffd" });
    await rm(at(id), { recursive: true });
    await aMoment();
  });

  it("lists a thousand runs, and no more", async () => {
    for (let i = 0; i <= 1000; ++i) {
      await mkdir(at(`many/${i}`), { recursive: true });
      await writeFile(at(`many/${i}/stats.jsonl`), "");
    }
    const runs = await Runs.in(at("many"), "the folder");
    expect(await runs.list()).toHaveLength(1000);
    await rm(at("many"), { recursive: true });
    await aMoment();
  });

  it("takes for a run what has statistics, or a config and samples", async () => {
    const files: [string, string][] = [
      ["only-stats", "stats.jsonl"],
      ["only-config", "config.json"],
    ];
    for (const [name, file] of files) {
      await mkdir(at(name));
      await writeFile(at(name, file), file === "stats.jsonl" ? line(3) : JSON.stringify(config));
    }
    await writeRun(at("begun"), { samples: [0] });
    await rm(at("begun/stats.jsonl"));
    await aMoment();
    expect(await cardOf("only-stats")).toMatchObject({ state: "unreadable", step: 3 });
    expect(await cardOf("only-config")).toBeUndefined();
    expect(await cardOf("begun")).toMatchObject({ state: "running", step: 0 });
    for (const name of ["only-stats", "only-config", "begun"])
      await rm(at(name), { recursive: true });
    await aMoment();
  });

  it("tells a run of which nobody heard for two minutes from one that goes on", async () => {
    const shown = new ShownRun("a", at("a"));
    const stateIn = async (seconds: number) =>
      (await shown.card(Date.now() + 1000 * seconds)).state;
    const long = new Date(Date.now() - 3_600_000);
    const news = ["stats.jsonl", "samples", "checkpoints", "config.json"];
    await mkdir(at("a", "checkpoints"));
    for (const file of news) await utimes(at("a", file), long, long);
    expect(await stateIn(0)).toBe("quiet");
    for (const file of news) {
      await utimes(at("a", file), new Date(), new Date());
      expect(await stateIn(0)).toBe("running");
      expect(await stateIn(110)).toBe("running");
      expect(await stateIn(121)).toBe("quiet");
      await utimes(at("a", file), long, long);
    }
    for (const file of news) await utimes(at("a", file), new Date(), new Date());
  });

  it("reads the last line that is a tick, however long the file is", async () => {
    const stats = `${line(1).repeat(200)}${line(7)}{"step": 8, "gener`;
    await writeRun(at("tail"), { stats });
    expect((await new ShownRun("tail", at("tail")).card()).step).toBe(7);
    await rm(at("tail"), { recursive: true });
  });

  it("calls networks that are no preset's by their name", async () => {
    const own = { ...config, preset: null, generator: {} };
    await writeRun(at("own"), { config: own });
    expect((await new ShownRun("own", at("own")).card()).preset).toBe("own networks");
    await writeRun(at("own"), { config: "[]" });
    expect(await new ShownRun("own", at("own")).card()).toMatchObject({
      ...{ preset: null, state: "unreadable" },
      problems: ["Its config.json cannot be read: it is not an object."],
    });
    await rm(at("own"), { recursive: true });
  });

  it("serves a run by itself", async () => {
    const alone = await startDashboard({ folder: at("a"), port: 0 }, String);
    const { runs } = (await ask(alone.port, "/api/runs")).json;
    expect(runs).toMatchObject([{ id: ".", name: "a" }]);
    expect((await ask(alone.port, "/api/sample?run=.&step=50")).text).toBe("picture 50");
    await alone[Symbol.asyncDispose]();
  });

  it("gives pictures that a browser may keep as long as they are the same", async () => {
    const { headers, text } = await get("/api/sample?run=a&step=50");
    expect(text).toBe("picture 50");
    expect(headers).toMatchObject({ "content-type": "image/png", "cache-control": "no-cache" });
    const again = await get("/api/sample?run=a&step=50", {
      "If-None-Match": headers.etag as string,
    });
    expect(again).toMatchObject({ status: 304, text: "" });
  });

  it("has the plan: layers, parameters, latent, config", async () => {
    const { json } = await get("/api/plan?run=a");
    expect(json).toMatchObject({
      config,
      summary: null,
      averaged: false,
      styled: false,
      latent: { classes: 0, codes: 0 },
    });
    expect(json.generator.layers.at(-1)).toMatchObject({ type: "unflatten", output: [1, 8, 8] });
    const sum = json.generator.layers.reduce(
      (n: number, { parameters }: { parameters: number }) => n + parameters,
      0,
    );
    expect(json.generator.parameters).toBe(sum);
  });

  it("has how steps are carried out once that is recorded, and says what is wrong with a record", async () => {
    const steps = async () => (await get("/api/plan?run=a")).json;
    expect(await steps()).toMatchObject({ steps: null, problems: [] });
    const operation = { output: [16, 4, 4], flops: 2_150_000_000, rewrites: ["r", "s"] };
    const refusal = { rewrite: "one launch", reason: "this device has none" };
    const plan = {
      ...{
        kind: "rewritten",
        batchSize: 32,
        onePass: true,
        rewrites: ["u", "v"],
        flops: 5e9,
        bytes: 2e8,
        buffers: 3e7,
      },
      generator: [{ layers: ["0", "1", "2"], ...operation, refusals: [refusal] }],
      discriminator: [{ layers: ["model.0"], ...operation, flops: 0, refusals: [refusal] }],
      refusals: [{ rewrite: "a list of calls", reason: "there is a penalty" }],
    };
    await writeFile(at("a", "plan.json"), JSON.stringify(plan));
    expect((await steps()).steps).toEqual({
      facts: {
        "A step is": "fewer operations than PyTorch's, by autograd",
        Images: "32",
        "Reals and fakes": "through the discriminator in one pass",
        "The step as a whole": "u; v",
        Arithmetic: "5 GFLOP",
        "Memory traffic": "at least 200 MB",
        Buffers: "at least 30 MB",
      },
      generator: [
        { layers: "0 … 2", output: "16 × 4 × 4", forward: "2.15 GFLOP", rewrites: ["r", "s"] },
      ],
      discriminator: [
        { layers: "model.0", output: "16 × 4 × 4", forward: "", rewrites: ["r", "s"] },
      ],
      notDone: [
        { rewrite: "a list of calls", reason: "there is a penalty", layers: [] },
        { ...refusal, layers: ["0 … 2", "model.0"] },
      ],
    });
    const frozen = { generator: [], discriminator: ["model.0.weight", "model.0.bias"] };
    await writeFile(at("a", "plan.json"), JSON.stringify({ ...plan, frozen }));
    expect((await steps()).steps.facts).toMatchObject({
      Frozen: "model.0.weight, model.0.bias of the discriminator",
    });
    for (const [text, why] of [
      ['{"kind": ', "it is not JSON"],
      [JSON.stringify({ ...plan, flops: null }), "it does not say how steps are carried out"],
      [JSON.stringify({ ...plan, generator: [1] }), "it does not say how steps are carried out"],
    ]) {
      await writeFile(at("a", "plan.json"), text as string);
      const sentence = `Its plan.json cannot be read: ${why}.`;
      expect(await steps()).toMatchObject({ config, steps: null, problems: [sentence] });
    }
    await rm(at("a", "plan.json"));
  });

  it("has every file that the page names, compressed", async () => {
    const page = await get("/");
    const names = [...page.text.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g)].map(
      ([, name]) => name as string,
    );
    expect(names).toContain("/page/main.js");
    // Compiled modules are in dist/ alone: test/dashboard/page.test.ts loads them.
    for (const name of names.filter((one) => one !== "/page/main.js")) {
      const { status, headers } = await get(name, { "Accept-Encoding": "gzip" });
      expect([name, status]).toEqual([name, 200]);
      if (/\.(js|css)$/.test(name)) expect(headers["content-encoding"]).toBe("gzip");
    }
  });
});

it("the server has every module of the page, and none that is not there", async () => {
  const sources = await readdir(new URL("../../lib/dashboard/page", import.meta.url));
  const there = sources.flatMap((name) => /^(.+)\.ts$/.exec(name)?.[1] ?? []);
  expect([...modules].sort()).toEqual(there.sort());
});
