// How a run ends before its end: signals, a reader that leaves, a disk that fails.
import { existsSync } from "node:fs";
import { readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Discriminator, Generator } from "../../lib/index.js";
import { presets } from "../../lib/presets.js";
import {
  mainFile,
  mayBeFirst,
  type Started,
  start,
  startAsFirst,
  startCli,
} from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 128);
});
afterAll(() => folder.remove());

const endless = "train --preset mlp --data data --size 8 --batch 32 --threads 1 --steps 1000000";
const startEndless = (rest: string): Started =>
  startCli(`${endless} ${rest}`.split(" "), folder.path);

/** The run folder of a stopped run is whole: its weights load, and its last line, grid and word agree. */
async function expectSaved(run: string, stderr: string): Promise<void> {
  const stats = (await readFile(at(run, "stats.jsonl"), "utf8")).trimEnd().split("\n");
  const { step } = JSON.parse(stats.at(-1) as string);
  expect(stderr).toContain(`Stopped after ${step.toLocaleString("en-US")} step`);
  expect(stderr).toContain(`samples in ${run}/samples, the last is ${run}/samples/${step}.png`);
  expect(stderr).toContain(`weights in ${run}/weights`);
  expect(await readdir(at(run, "samples"))).toContain(`${step}.png`);
  const { generator, discriminator } = presets.mlp.pair({ image: [1, 8, 8] });
  await new Generator(generator).loadWeights(at(run, "weights/generator.safetensors"));
  await new Discriminator(discriminator).loadWeights(at(run, "weights/discriminator.safetensors"));
}

describe("a signal", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s finishes the step, saves, says where and exits with %d", async (signal, code) => {
    const { child, ended, says } = startEndless(`--log-every 5 --out ${signal}`);
    await says(/\[Epoch 1\//);
    child.kill(signal);
    const { stderr, ...rest } = await ended;
    expect(rest.code).toBe(code);
    expect(stderr).toContain("Stopping after this step\n");
    await expectSaved(signal, stderr);
  });

  it("counts the steps since the last tick too", async () => {
    const { child, ended, says } = startEndless(
      "--log-every 1000000 --sample-every 20 --out between",
    );
    await says(/into between/);
    while (!existsSync(at("between/samples/20.png"))) await pause(20);
    child.kill("SIGINT");
    const { code, stderr, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout.split("\n")).toHaveLength(2);
    await expectSaved("between", stderr);
  });

  // Steps of this take two seconds, so that all signals come in the same step.
  const slow = "train --data data --size 96 --batch 128 --threads 1 --steps 1000";
  const startSlow = async (out: string): Promise<Started> => {
    const started = startCli(`${slow} --out ${out}`.split(" "), folder.path);
    await started.says(new RegExp(`into ${out}`));
    while (!existsSync(at(`${out}/samples/0.png`))) await pause(20);
    await pause(100);
    return started;
  };

  it("a SIGINT a second after the first ends it without waiting for the files", async () => {
    const { child, ended, says } = await startSlow("twice");
    child.kill("SIGINT");
    await says(/Stopping after this step/);
    await pause(1100);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain("Stopped after");
    expect(await readdir(at("twice/weights"))).toEqual([]);
  });

  it.each([
    ["SIGINT", "at once", 0, 130],
    ["SIGTERM", "whenever", 1100, 143],
    ["SIGHUP", "whenever", 1100, 129],
  ] as const)(
    "%s that is sent again %s, as launchers do, is the same",
    async (signal, _, later, code) => {
      const out = `again-${signal}`;
      const { child, ended, says } = await startSlow(out);
      child.kill(signal);
      await says(/Stopping after this step/);
      await pause(later);
      child.kill(signal);
      expect((await ended).code).toBe(code);
      expect(await readdir(at(out, "checkpoints"))).toHaveLength(1);
      expect(await readdir(at(out, "weights"))).not.toEqual([]);
    },
  );
});

describe.skipIf(!mayBeFirst)("a signal to the first process of a container", () => {
  it("ends it where nothing has begun", async () => {
    // Waits for its options.
    const { child, kill, ended } = startAsFirst(["train", "-"], folder.path);
    while (child.exitCode === null) {
      kill("SIGTERM");
      await pause(100);
    }
    expect(await ended).toEqual({ code: 143, stdout: "", stderr: "" });
  });

  it("stops and saves a run", async () => {
    const words = `${endless} --log-every 5 --out first`;
    const { kill, ended, says } = startAsFirst(words.split(" "), folder.path);
    await says(/\[Epoch 1\//);
    kill("SIGTERM");
    const { code, stderr } = await ended;
    expect(code).toBe(143);
    await expectSaved("first", stderr);
  });
});

describe("output that fails", () => {
  it("a reader that leaves, as in `| head -1`, stops and saves the run", async () => {
    const { child, ended, says } = startEndless("--log-every 2 --out pipe");
    await says(/\[Epoch 0\//);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(141);
    await expectSaved("pipe", stderr);
  });

  it("a log on a full disk stops and saves the run", async () => {
    const line = `"${process.execPath}" "${mainFile}" ${endless} --log-every 2 --out full > /dev/full`;
    const { code, stderr } = await start("sh", ["-c", line], folder.path).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(
      'Expected a writable stream for stdout but received "the disk is full"\n',
    );
    await expectSaved("full", stderr);
  });

  it.each([
    "train --preset mlp --data data --size 8 --dry-run --json",
    "--help",
    "bench --help",
    "setup --help",
  ])("a result that is lost is a sentence and exit code 1: %s", async (words) => {
    const line = `"${process.execPath}" "${mainFile}" ${words} > /dev/full`;
    expect(await start("sh", ["-c", line], folder.path).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: 'Expected a writable stream for stdout but received "the disk is full"\n',
    });
  });

  it("a reader that wanted no more than the first line is none", async () => {
    const line = `"${process.execPath}" "${mainFile}" --help | true; echo "\${PIPESTATUS[0]}"`;
    const ended = await start("bash", ["-c", line], folder.path).ended;
    expect(ended).toEqual({ code: 0, stdout: "0\n", stderr: "" });
  });

  it("a sample grid that cannot be written is a sentence and exit code 1", async () => {
    const { ended, says } = startEndless("--log-every 50 --sample-every 50 --out gone");
    await says(/\[Epoch 12\//);
    await rename(at("gone/samples"), at("samples of gone"));
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
      /^Expected a writable file for samples but received "gone\/samples\/\d+\.png" \(no such file or folder\)$/,
    );
  });

  it("statistics that cannot be written are a sentence too", async () => {
    const { ended, says } = startEndless("--log-every 50 --sample-every 1000000 --out moved");
    await says(/\[Epoch 12\//);
    await rename(at("moved"), at("elsewhere"));
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      'Expected a writable file for statistics but received "moved/stats.jsonl" (no such file or folder)',
    );
  });
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
