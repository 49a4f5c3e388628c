// The five cases: what is trained, on what, and how many times as fast as PyTorch eager it has to
// be. Both sides are made from this data: PyTorch's knows no case by name.
import { layers, objectives, optimizers } from "sparring";
import { presets } from "../dist/presets.js";
import { ruleNames } from "../dist/trainer/options.js";
import { layerCases, smallCases } from "./layer-cases.mjs";

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} title
 * @property {number} batch
 * @property {number} [threads] where the case has its own number
 * @property {{ kind: "mnist", size: number } | { kind: "gaussian", mean: number, deviation: number,
 *   count: number }} data
 * @property {number} [target] how many times as fast as PyTorch eager one of the five is to be
 * @property {{ generator: object, discriminator: object }} pair the two architectures
 * @property {object} training the options of a Trainer, without the networks
 */

/** The targets for all five together, and for each against PyTorch's best mode. */
export const targets = { eager: 3, compile: 2, slowest: 1 };

function ofPreset(name, size, changes = {}) {
  const { pair, ...preset } = presets[name];
  const rules = Object.fromEntries(ruleNames.map((rule) => [rule, preset[rule]]));
  return {
    data: { kind: "mnist", size },
    pair: pair({ image: [1, size, size] }),
    training: { ...rules, ...changes },
  };
}

const adam = optimizers.adam({ lr: 1e-3, betas: [0.5, 0.999] });

function toyPair() {
  const hidden = () => [layers.linear(32), layers.tanh(), layers.linear(32), layers.tanh()];
  // A dataset holds images, so a number is one of a single pixel.
  const pixel = [1, 1, 1];
  return {
    generator: {
      latent: { noise: 8 },
      layers: [...hidden(), layers.linear(1), layers.unflatten(pixel)],
    },
    discriminator: {
      image: pixel,
      layers: [layers.flatten(), ...hidden(), layers.linear(1), layers.sigmoid()],
    },
  };
}

/** @type {readonly Case[]} */
export const cases = [
  {
    name: "article",
    title: "the article's pair, 32×32",
    batch: 64,
    target: 3.2,
    ...ofPreset("article", 32),
  },
  { name: "mlp", title: "two MLPs, 28×28", batch: 64, target: 2, ...ofPreset("mlp", 28) },
  {
    name: "dcgan",
    title: "DCGAN, 64×64",
    batch: 64,
    target: 1.5,
    // The order in which one generator pass can serve both updates, on both sides.
    ...ofPreset("dcgan", 64, { order: "generatorFirst" }),
  },
  {
    name: "toy",
    title: "1-D toy, N(4, 1.25)",
    batch: 64,
    target: 10,
    threads: 1,
    data: { kind: "gaussian", mean: 4, deviation: 1.25, count: 16_384 },
    pair: toyPair(),
    training: {
      objective: objectives.nonSaturating(),
      optimizer: { generator: adam, discriminator: adam },
    },
  },
  {
    name: "wgan-gp",
    title: "WGAN-GP, MLPs, 28×28, k = 5",
    batch: 64,
    target: 2.5,
    ...ofPreset("wgan-gp", 28),
  },
];

export const caseNames = cases.map(({ name }) => name);

/** Every preset as it is, for other questions: no ratio to PyTorch is wanted of these. */
export const presetCases = Object.entries(presets).map(([name, { size, batch }]) => ({
  name: `preset ${name}`,
  title: name,
  batch,
  ...ofPreset(name, size.default),
}));

/** @returns {Case} */
export function caseNamed(name) {
  const found = [...cases, ...layerCases, ...smallCases, ...presetCases].find(
    (one) => one.name === name,
  );
  if (!found)
    throw new RangeError(
      `Expected one of ${caseNames.join(", ")} for a case but received "${name}"`,
    );
  return found;
}

/** Shape of one sample. */
export function imageOf({ data }) {
  return data.kind === "mnist" ? [1, data.size, data.size] : [1, 1, 1];
}
