// What a run looks like on a terminal: a pseudo-terminal of util-linux's `script`.
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mainFile, start, withOptions } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { allEnded, freePort, rankEnvironment } from "../helpers/ranks.js";

const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes(
  "util-linux",
);

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(join(folder.path, "data"), 128);
});
afterAll(() => folder.remove());

function onTerminal(rest: string, env: NodeJS.ProcessEnv = {}) {
  const train = "train --preset mlp --data data --size 8 --batch 32 --threads 1";
  const line = `stty cols 100; "${process.execPath}" "${mainFile}" ${withOptions(train, rest)}`;
  return start("script", ["-qec", line, "/dev/null"], folder.path, { TERM: "xterm", ...env });
}

const esc = "\x1b";
const cursorBack = `${esc}[?25h`;
const colour = new RegExp(`${esc}\\[(1|2|3[0-9])m`);

describe.skipIf(!hasScript)("on a terminal (needs `script` of util-linux)", () => {
  it("shows what is trained, a bar with losses, speed and time, and where everything is", async () => {
    const { code, stdout } = await onTerminal("--steps 400 --seed 5 --out a").ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/Training mlp on .*: 128 images of 8×8/);
    expect(stdout).toContain("seed 5, into a");
    expect(stdout).toMatch(/█+.*░+/);
    expect(stdout).toMatch(
      /\d+\/400 {2}D \d\.\d{4} {2}G \d\.\d{4} {2}[\d,]+ images\/s {2}\d+:\d\d left/,
    );
    expect(stdout).toMatch(/400\/400 {2}D \d\.\d{4} {2}G \d\.\d{4} {2}[\d,]+ images\/s {2}done/);
    expect(stdout).toContain("samples in a/samples, the last is a/samples/400.png");
    expect(stdout).not.toContain("[Epoch");
    expect(stdout).toMatch(colour);
    expect(stdout).toContain(cursorBack);
  });

  it("says of a run that goes on after its last step that it is done", async () => {
    expect((await onTerminal("--steps 3 --out ended").ended).code).toBe(0);
    const line = `"${process.execPath}" "${mainFile}" train --resume ended`;
    const again = start("script", ["-qec", line, "/dev/null"], folder.path, { TERM: "xterm" });
    const { code, stdout } = await again.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/ 3\/3 {2}done/);
    expect(stdout).not.toContain("starting");
  });

  it("shows a bar while it packs a folder of images, and once it has, what it took", async () => {
    await writeTree(join(folder.path, "images"), {
      "1.png": 1,
      "2.png": 2,
      "3.png": 3,
      "4.png": 4,
    });
    const line = "--data images --batch 2 --steps 3 --out packed";
    const env = { XDG_CACHE_HOME: join(folder.path, "xdg") };
    const { code, stdout } = await onTerminal(line, env).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/█+.* 4\/4 {2}packing images {2}0:00 left/);
    expect(stdout).toMatch(/Packed 4 images in \d:\d\d/);
    expect(stdout).not.toContain("Packing 4");
  });

  it("respects NO_COLOR", async () => {
    const { code, stdout } = await onTerminal("--steps 3 --out b", { NO_COLOR: "1" }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("█");
    expect(stdout).not.toMatch(colour);
  });

  it("prints log lines on a terminal that cannot redraw", async () => {
    const { code, stdout } = await onTerminal("--steps 3 --out c", { TERM: "dumb" }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("[Epoch 0/1] [Batch 2/4]");
    expect(stdout).not.toContain(esc);
  });

  it("prints log lines where several ranks train: each of their ticks is one of all", async () => {
    const port = await freePort();
    const [zero, one] = [0, 1].map((rank) => rankEnvironment(rank, 2, port));
    const ends = await allEnded([
      onTerminal("--steps 3 --out ranks", zero),
      onTerminal("--steps 3 --out ranks", one),
    ]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(ends[0]?.stdout).toContain("[Epoch 0/1] [Batch 2/4]");
    expect(ends[0]?.stdout).not.toContain("█");
    expect(ends[1]?.stdout).toBe("");
  });

  it("Ctrl+C says that it is stopping, saves, and gives the cursor back", async () => {
    // Steps of about a second, so that there is something to wait for.
    const slow = "--preset article --size 64 --batch 128 --steps 1000 --out d";
    const { child, ended, says } = onTerminal(slow);
    await says(/ 1\/1,000 /);
    child.stdin.write("\x03");
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toContain("stopping after this step; Ctrl+C again to quit at once");
    expect(stdout).toMatch(/\d\/1,000 {2}stopped/);
    expect(stdout).toMatch(/Stopped after \d steps? in \d+:\d\d/);
    expect(stdout).toContain(cursorBack);
    expect((await readdir(join(folder.path, "d/weights"))).sort()).toEqual([
      "discriminator.safetensors",
      "generator.safetensors",
    ]);
  });

  it("Ctrl+C twice ends it on the spot, and gives the cursor back", async () => {
    const slow = "--preset article --size 96 --batch 128 --steps 1000 --out e --dashboard 0";
    const { child, ended, says } = onTerminal(slow);
    await says(/The dashboard is at/);
    await says(/ 1\/1,000 /);
    child.stdin.write("\x03");
    await says(/stopping after this step/);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    child.stdin.write("\x03");
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).not.toContain("Stopped after");
    expect(stdout).toContain(cursorBack);
    // The first was for the training alone.
    expect(stdout).not.toContain("The dashboard ended");
  });

  describe("that is closed", () => {
    const at = (...parts: string[]) => join(folder.path, ...parts);
    const lines = async (run: string) =>
      (await readFile(at(run, "stats.jsonl"), "utf8")).split("\n").length;
    const endsAs = (run: string) =>
      expect.poll(async () => {
        const summary = await readFile(at(run, "summary.json"), "utf8").catch(() => "{}");
        return JSON.parse(summary).state;
      });

    it("stops and saves the run, and ends it as SIGHUP does", async () => {
      const train = "train --preset mlp --data data --size 8 --batch 32 --threads 1";
      const run = `"${process.execPath}" "${mainFile}" ${train} --steps 1000000 --out closed`;
      // The shell stays, to tell.
      const line = `trap "" HUP; ${run}; echo $? > code`;
      const { child, says } = start("script", ["-qec", line, "/dev/null"], folder.path, {
        TERM: "xterm",
      });
      await says(/images\/s/);
      child.kill("SIGKILL");
      await endsAs("closed").toBe("stopped");
      expect(await readdir(at("closed/checkpoints"))).toHaveLength(1);
      await expect.poll(() => readFile(at("code"), "utf8").catch(() => "")).toBe("129\n");
    });

    it("does not stop it under nohup", async () => {
      const train = "train --preset mlp --data data --size 8 --batch 32 --threads 1 --log-every 5";
      const run = `nohup "${process.execPath}" "${mainFile}" ${train} --steps 1000000 --out nohup`;
      const line = `echo $$ > pid; exec ${run} > nohup.log 2>&1`;
      const { child } = start("script", ["-qec", line, "/dev/null"], folder.path);
      await expect.poll(() => lines("nohup").catch(() => 0)).toBeGreaterThan(10);
      child.kill("SIGKILL");
      const before = await lines("nohup");
      await expect.poll(() => lines("nohup")).toBeGreaterThan(before + 200);
      process.kill(Number(await readFile(at("pid"), "utf8")), "SIGTERM");
      await endsAs("nohup").toBe("stopped");
    });
  });
});
