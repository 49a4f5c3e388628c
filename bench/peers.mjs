// Who takes part: how each contestant is started, and with which environment.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Discriminator, Generator } from "sparring";
import { cacheFolder } from "../scripts/setup/cache.mjs";
import { imageOf } from "./cases.mjs";
import { Contestant } from "./contestant.mjs";

const folder = fileURLToPath(new URL("peers", import.meta.url));
const seed = 0;

/**
 * Where contestants run.
 * @typedef {object} Arena
 * @property {import("../scripts/python-env.mjs").PythonEnvironment} python
 * @property {import("./data.mjs").DataFiles} files
 */

/** The contestants by the names that the results have for them. */
export const contestantNames = ["sparringFused", "sparringEager", "pytorchEager", "pytorchBest"];

/**
 * The environment of both sides: how threads wait is left to each, as its users have it. They spin
 * for a millisecond at most, so whoever has the turn is alone.
 */
export function environment(threads, base = process.env) {
  const count = String(threads);
  return { ...base, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count };
}

/**
 * Starts one of ours.
 * @param {Arena} arena
 * @param {import("./cases.mjs").Case} one
 * @param {object} options
 * @param {"fused" | "eager"} options.execution
 * @param {string} [options.precision]
 * @param {string} [options.reducePrecision]
 * @param {number} options.threads
 * @param {number} [options.batch]
 * @param {Record<string, string>} [options.env] what a launcher would tell it
 */
export async function startSparring(arena, one, { threads, batch = one.batch, env, ...options }) {
  const contestant = new Contestant({
    program: process.execPath,
    parameters: ["--expose-gc", join(folder, "sparring.mjs")],
    env: { ...environment(threads), ...env },
  });
  const images = await arena.files.for(one);
  await contestant.ask({ name: one.name, threads, batch, images, seed, ...options });
  return { contestant, facts: {} };
}

/**
 * Starts one of PyTorch's.
 * @param {Arena} arena
 * @param {import("./cases.mjs").Case} one
 * @param {object} options
 * @param {"eager" | "best"} options.mode best is found by trying
 * @param {number} options.threads
 * @param {number} [options.batch]
 * @param {boolean} [options.quick] try only the modes that usually win
 * @param {boolean} [options.compile] whether torch.compile takes part
 * @param {number} [options.trialSeconds] how long each mode is tried
 * @param {(what: string) => void} [options.onProgress]
 */
export async function startPytorch(arena, one, { threads, onProgress, ...options }) {
  const { python, env } = arena.python;
  const contestant = new Contestant({
    program: python,
    parameters: [join(folder, "pytorch.py")],
    env: { TORCHINDUCTOR_CACHE_DIR: inductorCache(), ...environment(threads, env) },
  });
  const description = await describe(arena, one);
  const facts = await contestant.ask({ ...description, ...options, threads }, onProgress);
  return { contestant, facts };
}

/** What the Python side needs to know of a case: data, no names of cases. */
async function describe(arena, one) {
  const { objective, optimizer, order = "generatorFirst" } = one.training;
  const { discriminatorSteps = 1, generatorSteps = 1 } = one.training;
  const { noise } = one.pair.generator.latent;
  return {
    batch: one.batch,
    image: imageOf(one),
    images: await arena.files.for(one),
    noise,
    seed,
    objective,
    optimizer,
    order,
    discriminatorSteps,
    generatorSteps,
    ...sources(one),
    quick: false,
    compile: true,
    trialSeconds: 1,
  };
}

function sources({ pair }) {
  const [generator, discriminator] = [
    new Generator(pair.generator),
    new Discriminator(pair.discriminator),
  ];
  try {
    return { generator: generator.toPyTorch(), discriminator: discriminator.toPyTorch() };
  } finally {
    generator.dispose();
    discriminator.dispose();
  }
}

/** What Inductor compiled is kept: a second benchmark is a minute quicker. */
function inductorCache() {
  return join(cacheFolder(), "inductor");
}
