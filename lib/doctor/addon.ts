// The addon, its libtorch, and what they can do here.
import { counted } from "../count.js";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { buildFolder, type BuildInfo, readBuild } from "../addon.js";
import { cpuLimit, processorsOf } from "../cpu-limit.js";
import { again } from "../loading.js";
import { neededDriver, readDriver } from "./driver.js";
import type { CudaObstacle } from "../native.js";
import type { Finding } from "./kind.js";
import { type FoundLibtorch, setup } from "./setup.js";
import { type NoTrial, type Trial, tryAddon } from "./trial.js";

/** libtorch first, then the addon; what the addon can do only where it loads. */
export async function lookAtAddon(): Promise<Finding[]> {
  const [libtorch, trial] = await Promise.all([lookAtLibtorch(), tryAddon()]);
  const addon = lookAtLoading(trial);
  if ("problem" in trial) return [libtorch, addon];
  return [
    libtorch,
    addon,
    await lookAtCuda(trial, libtorch, await readDriver()),
    lookAtPrecisions(trial),
    lookAtThreads(trial, cpuLimit()),
    lookAtTraining(trial),
  ];
}

async function lookAtLibtorch(): Promise<Finding> {
  const build = buildOrNone();
  if (build === undefined) return lookForLibtorch();
  const { directory, version } = build.libtorch;
  const { probe } = await setup("probe");
  const { libtorch, problem } = probe(directory);
  const facts = { directory, version: libtorch?.version ?? null, cuda: libtorch?.cuda ?? null };
  const one = { name: "libtorch", facts };
  if (libtorch === undefined)
    return { ...one, status: "problem", says: `No libtorch in ${directory}: ${problem}` };
  const says = `libtorch ${describe(libtorch)}, in ${directory}`;
  if (libtorch.version === version) return { ...one, status: "ok", says };
  const wanted = `${says}, where the addon was built for ${version}`;
  return { ...one, status: "problem", says: wanted };
}

/** The libtorch that a build would take, where there is no addon. */
async function lookForLibtorch(): Promise<Finding> {
  const [{ namedLibtorch }, { cacheFolder, cachedLibtorch }] = await Promise.all([
    setup("libtorch"),
    setup("cache"),
  ]);
  const one = { name: "libtorch", status: "warning" } as const;
  try {
    const wish = { cuda: false };
    const found =
      namedLibtorch(process.env, wish) ?? cachedLibtorch(join(cacheFolder(), "libtorch"), wish);
    const facts = { directory: null, version: null, cuda: null };
    const says = "No libtorch is in use yet";
    const advice = found
      ? `a build would take ${describe(found)}, in ${found.directory}`
      : "a build looks at python3's torch, and fetches one if that is none";
    return { ...one, says, advice, facts };
  } catch (error) {
    return { ...one, says: (error as Error).message, facts: {} };
  }
}

function describe({ version, cuda }: FoundLibtorch): string {
  return `${version}, ${cuda === null ? "a CPU build" : `a build for CUDA ${cuda}`}`;
}

function buildOrNone(): BuildInfo | undefined {
  try {
    return readBuild(buildFolder);
  } catch {
    return undefined;
  }
}

function lookAtLoading(trial: Trial | NoTrial): Finding {
  const facts = { file: join(buildFolder, "sparring.node"), loads: !("problem" in trial) };
  const one = { name: "addon", facts };
  if (!("problem" in trial)) {
    const compiler = buildOrNone()?.compiler;
    const by = compiler === undefined ? "" : ` by ${compiler}`;
    const says = `The native addon was built for it${by}, and loads in ${trial.loading.toFixed(2)} s`;
    return { ...one, status: "ok", says };
  }
  const { problem, advice } = trial;
  return { ...one, status: "problem", says: problem, advice };
}

/** What to do about each. */
const cures: Readonly<Record<CudaObstacle, string>> = {
  cpuBuild: "`npx sparring setup --cuda` fetches a CUDA build",
  noDriver: "install NVIDIA's driver; a container needs its GPUs too (docker run --gpus all)",
  unloadable: "update NVIDIA's driver, or build for an older CUDA",
  noGpu: "look at nvidia-smi and at CUDA_VISIBLE_DEVICES",
};

/** CUDA on, or why not. */
export async function lookAtCuda(
  { cuda, cudaOff, cudaObstacle, acceleratorOff }: Trial,
  libtorch: Finding,
  driver: string | null,
): Promise<Finding> {
  const facts = { devices: cuda, off: cudaOff, accelerator: acceleratorOff === null, driver };
  const one = { name: "cuda", facts };
  const version = driver === null ? "" : `; the driver is ${driver}`;
  if (cudaObstacle === null) {
    const says = `CUDA is on: ${counted(cuda, "device")}${version}`;
    if (acceleratorOff === null) return { ...one, status: "ok", says };
    const slower = `${says}; steps run without CUDA graphs and kernels of our own: ${acceleratorOff}`;
    return { ...one, status: "warning", says: slower, advice: `${again} where CUDA's headers are` };
  }
  const { hasNvidiaDriver } = await setup("libtorch");
  const built = libtorch.facts.cuda;
  // Neither a driver nor a CUDA build: nobody misses anything.
  if (built === null && driver === null && !hasNvidiaDriver()) {
    const says = `CUDA is off: ${cudaOff}, and there is no NVIDIA driver; the CPU trains`;
    return { ...one, status: "ok", says };
  }
  // An old driver only shows no GPU to a newer CUDA, while nvidia-smi does.
  const needed = neededDriver(driver, built);
  const advice =
    needed === undefined
      ? cures[cudaObstacle]
      : `update it: CUDA ${built} needs ${needed} or newer`;
  return { ...one, status: "warning", says: `CUDA is off: ${cudaOff}${version}`, advice };
}

function lookAtPrecisions({ precisions }: Trial): Finding {
  const each = Object.entries(precisions).map(([device, names]) => `${device} ${names.join(", ")}`);
  return {
    name: "precisions",
    status: "ok",
    says: `Precisions: ${each.join("; ")}`,
    facts: precisions,
  };
}

/** @param limit of the processors' time, in processors */
export function lookAtThreads({ threads }: Pick<Trial, "threads">, limit: number): Finding {
  // Node counts whole ones, too, from 22.12 on.
  const processors = Math.min(availableParallelism(), processorsOf(limit));
  const says = `${counted(threads, "CPU thread")} on ${counted(processors, "processor")}`;
  const facts = { threads, processors };
  if (threads <= processors) return { name: "threads", status: "ok", says, facts };
  const advice = `more only wait for each other: --threads ${processors}, or OMP_NUM_THREADS`;
  return { name: "threads", status: "warning", says, advice, facts };
}

function lookAtTraining({ step, failure }: Trial): Finding {
  const one = { name: "training", facts: { milliseconds: step ?? null } };
  if (step === undefined)
    return { ...one, status: "problem", says: `A step does not train: ${failure}` };
  return { ...one, status: "ok", says: `A step of a tiny pair trains in ${step.toFixed(2)} ms` };
}
