// A folder of images that is packed for a run: Ctrl+C meanwhile, and how many of libuv's threads there are.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readSafetensors } from "../../lib/safetensors.js";
import { mayBeFirst, runCli, startAsFirst, startCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { flatPng, writeTree } from "../helpers/image-folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

// So large, and so many, that they are not packed before the signal comes.
beforeAll(async () => {
  folder = await makeFolder();
  const one = await flatPng(100, 1024);
  const many = Array.from({ length: 2000 }, (_, i) => [`${i}.png`, one] as const);
  await writeTree(at("images"), Object.fromEntries(many));
});
afterAll(() => folder.remove());

it.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends it, and nothing is kept of the images",
  async (signal) => {
    const words = "train --preset mlp --data images --size 8 --batch 4 --steps 1 --out never";
    const { child, ended, says } = startCli(words.split(" "), folder.path, {
      XDG_CACHE_HOME: at("cache"),
    });
    await says(/Packing 2,000 images of /);
    child.kill(signal);
    const { stdout, stderr } = await ended;
    expect([child.exitCode, child.signalCode]).toEqual([null, signal]);
    expect([stdout, stderr]).toEqual(["", `Packing 2,000 images of ${at("images")}\n`]);
    const left = await readdir(folder.path, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile() && !entry.name.endsWith(".png"))).toEqual([]);
  },
);

it.skipIf(!mayBeFirst)("SIGTERM ends it in the first process of a container, too", async () => {
  const words = "train --preset mlp --data images --size 8 --batch 4 --steps 1 --out never";
  const env = { XDG_CACHE_HOME: at("cache") };
  const { kill, ended, says } = startAsFirst(words.split(" "), folder.path, env);
  await says(/Packing 2,000 images of /);
  kill("SIGTERM");
  const stderr = `Packing 2,000 images of ${at("images")}\n`;
  expect(await ended).toEqual({ code: 143, stdout: "", stderr });
});

it.each(["none", "-1"])("all images are, with a UV_THREADPOOL_SIZE of %s", async (size) => {
  await writeTree(at("few"), { "1.png": 10, "2.png": 20, "3.png": 30 });
  const words = `train --preset mlp --data few --channels 1 --size 8 --batch 3 --steps 1 --out threads${size}`;
  const env = { XDG_CACHE_HOME: at(`cache-${size}`), UV_THREADPOOL_SIZE: size };
  expect(await runCli(words.split(" "), folder.path, env)).toMatchObject({ code: 0 });
  const packed = at(`cache-${size}`, "sparring", "packed");
  const [images] = await readSafetensors(join(packed, (await readdir(packed))[0] as string));
  expect([...(images?.data ?? [])].filter((_, i) => i % 64 === 0)).toEqual([10, 20, 30]);
});
