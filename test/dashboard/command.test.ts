// `sparring dashboard` and `sparring train --dashboard`: from the command line to answers.
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { constants, getPriority } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mainFile, runCli, type Started, start, startCli } from "../helpers/cli.js";
import { ask, explorerOf } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

let folder: { readonly path: string; remove(): Promise<void> };
const small = "--preset mlp --data data --size 8 --batch 32 --threads 1 --no-tensorboard --seed 1";
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(join(folder.path, "data"), 64);
  const trained = await runCli(
    `train ${small} --steps 6 --checkpoint-every 3 --out runs/one`.split(" "),
    folder.path,
  );
  expect(trained.code).toBe(0);
});
afterAll(() => folder.remove());

/** Starts a command that serves, and finds its port. */
async function serving(words: string): Promise<Started & { port: number }> {
  const started = startCli(words.split(" "), folder.path);
  let said = "";
  for (const stream of [started.child.stdout, started.child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  await started.says(/127\.0\.0\.1:\d+/);
  return { ...started, port: Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1]) };
}

const runs = (path: string, why: string) =>
  `Expected a run or a folder of runs for the folder but received "${path}" (${why})`;

/** A program that has a port. */
async function occupy(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe("sparring dashboard", () => {
  it("serves a folder until Ctrl+C, and samples its checkpoints", async () => {
    const { port, child, ended } = await serving("dashboard runs --port 0");
    const { runs } = (await ask(port, "/api/runs")).json;
    expect(runs).toMatchObject([{ id: "one", state: "done", step: 6, checkpoints: [3, 6] }]);
    const explore = await explorerOf(port);
    const points = [{ from: 1 }, { from: 2 }];
    const newest = await explore({ points });
    expect(newest).toMatchObject({
      status: 200,
      headers: { "content-type": "image/png", "x-step": "6" },
    });
    expect(await sharp(newest.body).metadata()).toMatchObject({ width: 16, height: 8 });
    const earlier = await explore({ step: 3, points });
    expect(earlier.headers["x-step"]).toBe("3");
    expect(earlier.body).not.toEqual(newest.body);
    const refused = await explore({ step: 4 });
    expect(refused).toMatchObject({
      status: 400,
      json: { error: "Expected one of 3, 6 for step but received 4" },
    });
    expect((await explore({ run: "two" })).status).toBe(404);
    expect((await explore({ points: [{ from: 1, label: 0 }] })).json.error).toMatch(
      /the latent has no classes/,
    );
    expect((await explore({ points })).body).toEqual(newest.body);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(
        /^The dashboard of .*runs is at http:\/\/127.0.0.1:\d+\/ \(Ctrl\+C ends it\)\n$/,
      ),
    });
  });

  it("tells its address as JSON", async () => {
    const { port, child, ended } = await serving("dashboard runs/one --port 0 --json");
    child.kill("SIGTERM");
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const path = join(folder.path, "runs", "one");
    expect(JSON.parse(stdout)).toEqual({ url: `http://127.0.0.1:${port}/`, port, folder: path });
  });

  it("ends where its address is lost, as on a full disk, and says so at once", async () => {
    const line = `"${process.execPath}" "${mainFile}" dashboard runs --port 0 > /dev/full`;
    expect(await start("sh", ["-c", line], folder.path).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: 'Expected a writable stream for stdout but received "the disk is full"\n',
    });
  });

  it("goes on where whoever started it reads nothing", async () => {
    const { server, port } = await occupy();
    await new Promise((resolve) => server.close(resolve));
    const { child, ended } = startCli(`dashboard runs --port ${port}`.split(" "), folder.path);
    child.stdout.destroy();
    const status = () => ask(port, "/api/runs").then((answer) => answer.status);
    await expect.poll(() => status().catch(() => 0), { timeout: 60_000 }).toBe(200);
    // By now the line that nobody reads has failed.
    for (let i = 0; i < 3; ++i) expect(await status()).toBe(200);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("takes any free port where nobody chose one and another program has the usual one", async () => {
    const usual = createServer();
    // Somebody may have it already, which will do.
    await new Promise((resolve) => {
      usual.once("error", resolve).listen(6464, "127.0.0.1", () => resolve(undefined));
    });
    const { port, child, ended } = await serving("dashboard runs");
    expect(port).not.toBe(6464);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0 });
    usual.close();
  });

  it("goes on where the process that samples dies, and says so to who was waiting", async () => {
    const { port, child, ended } = await serving("dashboard runs --port 0");
    const explore = await explorerOf(port);
    const childrenOf = async (pid: number | undefined) => {
      const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      return text.trim().split(" ").filter(Boolean).map(Number);
    };
    expect((await explore()).status).toBe(200);
    const [sampler, ...others] = (await childrenOf(child.pid)) as [number];
    expect(others).toEqual([]);
    process.kill(sampler, "SIGSTOP");
    const waiting = explore();
    // The server has read the question before this one.
    await ask(port, "/api/runs");
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(sampler, "SIGKILL");
    expect(await waiting).toMatchObject({
      status: 409,
      json: { error: "The explorer's process ended: it ended with SIGKILL" },
    });
    expect((await explore()).status).toBe(200);
    const [another] = await childrenOf(child.pid);
    expect(another).not.toBe(sampler);
    expect(getPriority(another as number)).toBe(constants.priority.PRIORITY_LOW);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0 });
    expect(() => process.kill(another as number, 0)).toThrow("ESRCH");
  });

  it("refuses a port that another program has, in a sentence", async () => {
    const { server, port } = await occupy();
    const sentence = (name: string) =>
      `Expected a free port (another program listens there) for ${name} but received ${port}\n`;
    expect(await runCli(["dashboard", "runs", "--port", String(port)], folder.path)).toEqual({
      ...{ code: 2, stdout: "", stderr: sentence("--port") },
    });
    const words = `train ${small} --steps 2 --out runs/none --dashboard ${port}`;
    expect(await runCli(words.split(" "), folder.path)).toEqual({
      ...{ code: 2, stdout: "", stderr: sentence("--dashboard") },
    });
    server.close();
  });
});

describe("sparring train --dashboard", () => {
  it("says why there is none, where it cannot begin", async () => {
    const beside = new URL("../../dist/cli/beside.js", import.meta.url).href;
    const { DashboardBeside }: typeof import("../../lib/cli/beside.js") = await import(beside);
    const said: string[] = [];
    const path = join(folder.path, "nowhere");
    using _ = new DashboardBeside(path, 0, (sentence) => said.push(sentence));
    await expect
      .poll(() => said)
      .toEqual([`The dashboard ended: ${runs(path, "no such file or folder")}`]);
  });

  it("serves the run while it trains, and ends with it", async () => {
    const { port, child, ended } = await serving(
      `train ${small} --steps 1000000 --log-every 10 --out runs/two --dashboard 0`,
    );
    const { runs } = (await ask(port, "/api/runs")).json;
    expect(runs).toMatchObject([{ id: ".", name: "two", state: "running", steps: 1_000_000 }]);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`\nThe dashboard is at http://127.0.0.1:${port}/\n`);
    expect(stderr).not.toContain("The dashboard ended");
    await expect.poll(() => ask(port, "/").catch(({ code }) => code)).toBe("ECONNREFUSED");
  });

  it.each([
    ["SIGKILL", "The dashboard ended: SIGKILL\n"],
    ["SIGTERM", "The dashboard ended\n"],
  ] as const)("trains on, and says so, where the dashboard ends by %s", async (signal, said) => {
    const out = `runs/without-${signal}`;
    const words = `train ${small} --steps 1000000 --log-every 10 --out ${out} --dashboard 0`;
    const { child, ended, says } = await serving(words);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    const [server, ...others] = children.trim().split(" ").map(Number);
    expect(others).toEqual([]);
    process.kill(server as number, signal);
    await says(new RegExp(said));
    const lines = async () =>
      (await readFile(join(folder.path, out, "stats.jsonl"), "utf8")).split("\n").length;
    const before = await lines();
    await expect.poll(lines).toBeGreaterThan(before + 5);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130 });
  });
});
