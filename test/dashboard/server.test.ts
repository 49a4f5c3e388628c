// The server: who may ask, what it tells, and what never leaves the folder.
import {
  appendFile,
  mkdir,
  readdir,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modules } from "../../lib/dashboard/assets.js";
import type { CurveNews, RunCard } from "../../lib/dashboard/page/protocol.js";
import { ShownRun } from "../../lib/dashboard/run.js";
import { type Dashboard, startDashboard } from "../../lib/dashboard/serve.js";
import {
  ask,
  config,
  explorerHeaders,
  line,
  listen,
  tokenOf,
  writeRun,
} from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
let dashboard: Dashboard;
const at = (...parts: string[]) => join(folder.path, "runs", ...parts);
const get = (path: string, headers: Record<string, string> = {}) =>
  ask(dashboard.port, path, { headers });
const cardOf = async (id: string): Promise<RunCard> =>
  (await get("/api/runs")).json.runs.find((run: RunCard) => run.id === id);
/** Longer than a list of runs is kept. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 800));

beforeAll(async () => {
  folder = await makeFolder();
  await writeRun(at("a"), { samples: [0, 50, 100], stats: line(50) + line(100) });
  await writeRun(at("sweep", "b"), { config: { ...config, started: "2026-02-02T03:04:05.000Z" } });
  await writeFile(join(folder.path, "secret.png"), "secret");
  dashboard = await startDashboard({ folder: join(folder.path, "runs"), port: 0 }, String);
});
afterAll(async () => {
  await dashboard[Symbol.asyncDispose]();
  await folder.remove();
});

describe("who may ask", () => {
  const { host, origin } = { host: "Host", origin: "Origin" };

  it("answers names of this machine, whatever the port: a tunnel has its own", async () => {
    for (const name of ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:6464"])
      expect((await get("/api/runs", { [host]: name })).status).toBe(200);
  });

  it.each([
    ...["example.com", "example.com:6464", "127.0.0.1.example.com", "localhost.example.com"],
    ...["0.0.0.0", "192.168.0.7", "localhost."],
  ])("refuses the host %j: a name that somebody led here", async (name) => {
    for (const path of ["/", "/api/runs", "/api/live", "/page/main.js"]) {
      const answer = await get(path, { [host]: name });
      expect(answer.status).toBe(403);
      const error = `Expected localhost for the host but received ${JSON.stringify(name)}`;
      expect(answer.json).toEqual({ error });
    }
  });

  it.each(["localhost:123456", "localhost@example.com", "localhost/"])(
    "does not even read the host %j",
    async (name) => {
      expect((await get("/", { [host]: name })).status).toBe(400);
    },
  );

  it.each(["http://example.com", "http://localhost:3000", "https://localhost:6464", "null"])(
    "refuses the origin %s",
    async (from) => {
      const answer = await get("/api/runs", { [host]: "localhost:6464", [origin]: from });
      expect(answer.status).toBe(403);
      expect(answer.json.error).toBe(`Expected this page for the origin but received "${from}"`);
    },
  );

  it("answers its own origin", async () => {
    const headers = { [host]: "localhost:6464", [origin]: "http://localhost:6464" };
    expect((await get("/api/runs", headers)).status).toBe(200);
  });

  it("lets another site lead here and read nothing", async () => {
    const foreign = { "Sec-Fetch-Site": "cross-site" };
    expect((await get("/", { ...foreign, "Sec-Fetch-Mode": "navigate" })).status).toBe(200);
    expect(
      (await get("/api/sample?run=a&step=0", { ...foreign, "Sec-Fetch-Mode": "no-cors" })).status,
    ).toBe(403);
    expect(
      (await get("/api/runs", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" })).status,
    ).toBe(403);
  });

  it("lets anybody on this machine look, by HEAD too, and no other machine", async () => {
    const head = await ask(dashboard.port, "/api/runs", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    const other = connect({ host: "127.0.0.2", port: dashboard.port });
    await expect(once(other, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("cuts what a stranger calls a machine, and reads no question without end", async () => {
    const host = `${"x".repeat(300)}.example.com`;
    expect((await get("/", { Host: host })).json.error).toBe(
      `Expected localhost for the host but received "${"x".repeat(100)}"`,
    );
    const headers = await explorerHeaders(dashboard.port);
    const explore = (body?: string, more: Record<string, string> = {}) =>
      ask(dashboard.port, "/api/explore", {
        ...{ method: "POST", headers: { ...headers, ...more }, body },
      });
    // Announced, and not even waited for: the connection ends with the answer.
    const long = await explore(undefined, {
      ...{ "Content-Length": String(256 * 1024 + 1), Connection: "close" },
    });
    expect([long.status, long.json.error]).toEqual([
      ...[413, "Expected a question of at most 262144 bytes but received more"],
    ]);
    const garbled = await explore("{");
    expect([garbled.status, garbled.json.error]).toEqual([
      ...[400, "Expected an object for the request but received undefined"],
    ]);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])(
    "refuses %s without the token of the page",
    async (method) => {
      for (const token of [undefined, "", "x".repeat(32)]) {
        const headers: Record<string, string> =
          token === undefined ? {} : { "X-Sparring-Token": token };
        for (const path of ["/", "/api/explore", "/api/runs"])
          expect(
            (
              await ask(dashboard.port, path, {
                method,
                headers,
                body: method === "DELETE" ? undefined : "{}",
              })
            ).status,
          ).toBe(403);
      }
    },
  );

  it("has a token of its own each time, and nothing to write with it", async () => {
    const token = await tokenOf(dashboard.port);
    expect(token).toMatch(/^[\w-]{32}$/);
    const other = await startDashboard({ folder: at(), port: 0 }, String);
    expect(await tokenOf(other.port)).not.toBe(token);
    await other[Symbol.asyncDispose]();
    const headers = { "X-Sparring-Token": token };
    expect((await ask(dashboard.port, "/api/runs", { method: "DELETE", headers })).status).toBe(
      404,
    );
  });

  it("forbids the page all that comes from elsewhere", async () => {
    const { headers } = await get("/");
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      ...{ "x-content-type-options": "nosniff", "x-frame-options": "DENY" },
      ...{ "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin" },
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    // Other programs have http on this machine, too.
    expect(headers["strict-transport-security"]).toBeUndefined();
  });
});

describe("what leaves the folder", () => {
  it.each([
    "/../secret.png",
    "/page/../../serve.js",
    "/page/..%2f..%2fserve.js",
    "/page/%2e%2e/app.js",
    "/page/tsconfig.json",
    "/page/constructor",
    "/api/sample?run=..&step=0",
    "/api/sample?run=../runs/a&step=0",
    "/api/sample?run=a/../a&step=0",
    `/api/sample?run=${encodeURIComponent("/")}&step=0`,
    "/api/sample?run=a&step=../../../secret",
    "/api/sample?run=a&step=0.png",
    "/api/sample?run=a&step=-0",
    "/api/sample?run=a&step=7",
    "/api/sample?run=a",
    "/api/plan?run=..",
    "/api/plan",
    "/api/nothing",
    "/runs/a/config.json",
  ])("answers %s with 404", async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it("follows no links: of runs, of folders in them, of files", async () => {
    await writeRun(join(folder.path, "outside"), { samples: [0] });
    await symlink(join(folder.path, "outside"), at("linked"));
    await writeRun(at("c"), { samples: [1] });
    await symlink(join(folder.path, "secret.png"), at("c", "samples", "0.png"));
    await mkdir(at("d"));
    await writeFile(at("d", "stats.jsonl"), line(1));
    await symlink(join(folder.path, "outside", "config.json"), at("d", "config.json"));
    await symlink(join(folder.path, "outside", "samples"), at("d", "samples"));
    await aMoment();
    expect(await cardOf("linked")).toBeUndefined();
    expect((await get("/api/sample?run=c&step=1")).text).toBe("picture 1");
    expect((await get("/api/sample?run=c&step=0")).status).toBe(404);
    expect(await cardOf("d")).toMatchObject({
      ...{ state: "unreadable", samples: [], preset: null },
      problems: ["It has no config.json."],
    });
    await Promise.all(["c", "d", "linked"].map((name) => rm(at(name), { recursive: true })));
    await aMoment();
  });
});

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
    const news = ["stats.jsonl", "samples", "config.json"];
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
        oneLook: true,
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
        "Fakes of both updates": "looked at once",
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
    expect(await cardOf("h")).toMatchObject({ state: "running", step: null });
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
