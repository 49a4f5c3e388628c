#!/usr/bin/env node
// The model of docs/scaling.md: step time of data-parallel training against world size and link
// speed, on paper. Prints the tables of that page; test/distributed/examples.test.ts holds the page
// against it.
//
//   node scripts/scaling-model.mjs
import { pathToFileURL } from "node:url";
import { Discriminator, Generator, Trainer } from "../dist/index.js";
import { presets } from "../dist/presets.js";

/**
 * Gradients are summed in pieces of so many bytes, as native/core/distributed/sharing.cc has it.
 */
const bucketBytes = 8 * 2 ** 20;

/**
 * @typedef {object} Link
 * @property {string} name
 * @property {number} bytesPerSecond each way
 * @property {number} latency seconds from one rank to the next
 */

/** @type {readonly Link[]} */
export const links = [
  { name: "1 Gb/s Ethernet", bytesPerSecond: 0.125e9, latency: 50e-6 },
  { name: "10 Gb/s Ethernet", bytesPerSecond: 1.25e9, latency: 30e-6 },
  { name: "100 Gb/s", bytesPerSecond: 12.5e9, latency: 10e-6 },
  { name: "400 Gb/s InfiniBand", bytesPerSecond: 50e9, latency: 5e-6 },
];

/**
 * Messages that follow each other in an all-reduce of n ranks: 2(n - 1) round a ring, 2 log2(n) up
 * and down a tree.
 */
export const shapes = {
  ring: (ranks) => 2 * (ranks - 1),
  tree: (ranks) => 2 * Math.ceil(Math.log2(ranks)),
};

/**
 * Seconds of a step that go to sums of gradients, one after the other: t = sum over updates of
 * 2 (n - 1)/n G/beta + hops(n) alpha ceil(G / bucket).
 *
 * @param {readonly number[]} updates bytes of the gradients of each
 * @param {number} ranks n
 * @param {Link} link
 * @param {(ranks: number) => number} hops
 */
export function communication(updates, ranks, { bytesPerSecond, latency }, hops) {
  const one = (bytes) =>
    ((2 * (ranks - 1)) / ranks) * (bytes / bytesPerSecond) +
    hops(ranks) * latency * Math.ceil(bytes / bucketBytes);
  return updates.reduce((sum, bytes) => sum + one(bytes), 0);
}

/**
 * The number of ranks beyond which a step of a batch that stays as it is gets longer: where what a
 * further rank saves of the arithmetic is what its messages cost.
 *
 * @param {number} alone seconds of the step on one rank
 */
export function turningPoint(updates, alone, { bytesPerSecond, latency }) {
  const messages = updates.reduce((sum, bytes) => sum + Math.ceil(bytes / bucketBytes), 0);
  const bytes = updates.reduce((sum, one) => sum + one, 0);
  const saved = alone - (2 * bytes) / bytesPerSecond;
  return saved <= 0 ? 1 : Math.max(1, Math.floor(Math.sqrt(saved / (2 * messages * latency))));
}

/**
 * What a preset has to do in a step: operations of one image, and bytes of gradients of each
 * update.
 */
export async function demands(name, size) {
  const { pair, objective, optimizer, order } = presets[name];
  const { discriminatorSteps = 1, generatorSteps = 1 } = presets[name];
  const architectures = pair({ image: [1, size, size] });
  const generator = new Generator(architectures.generator);
  const discriminator = new Discriminator(architectures.discriminator);
  // In bfloat16 convolutions are ordinary ones; in float32 some processors do with fewer
  // multiplications.
  const precision = "bfloat16";
  const rules = { objective, optimizer, order, discriminatorSteps, generatorSteps, precision };
  const trainer = new Trainer({ generator, discriminator, ...rules });
  const batchSize = 64;
  const { flops } = await trainer.explain({ batchSize });
  const bytes = [
    ...Array(generatorSteps).fill(generator),
    ...Array(discriminatorSteps).fill(discriminator),
  ];
  return {
    flopsPerImage: flops / batchSize,
    updates: bytes.map(({ parameterCount }) => 4 * parameterCount),
  };
}

const sizes = [1, 2, 8, 64, 256, 1024];
const settings = [
  { name: "dcgan", size: 64, perRank: 64, rate: 20e12, on: "a GPU that does 20 TFLOP/s of it" },
  { name: "article", size: 32, perRank: 64, rate: 50e9, on: "a core that does 50 GFLOP/s of it" },
];

/** `7.81 ms`, `26.0 s` */
function duration(seconds) {
  const isLong = seconds >= 0.9995;
  return `${(isLong ? seconds : 1000 * seconds).toPrecision(3)} ${isLong ? "s" : "ms"}`;
}

/** What a share of `n` times one rank's speed is left where each rank keeps its batch. */
function efficiencyTable({ updates }, alone, hops) {
  const row = (link) => {
    const cells = sizes.map((ranks) => {
      const step = alone + communication(updates, ranks, link, hops);
      return `${((100 * alone) / step).toFixed(0)} %`;
    });
    return `| ${link.name} | ${cells.join(" | ")} |`;
  };
  return [
    `| link | ${sizes.map((ranks) => `${ranks}`).join(" | ")} |`,
    `|---|${"---|".repeat(sizes.length)}`,
    ...links.map(row),
  ];
}

/** Seconds of a step, and where it is shortest, for a batch of 4,096 that all ranks share. */
function fixedTable({ updates }, whole) {
  const row = (link) => {
    const cells = sizes.map((ranks) => {
      const step = whole / ranks + communication(updates, ranks, link, shapes.ring);
      return duration(step);
    });
    return `| ${link.name} | ${cells.join(" | ")} | ${turningPoint(updates, whole, link)} |`;
  };
  return [
    `| link | ${sizes.map((ranks) => `${ranks}`).join(" | ")} | shortest at |`,
    `|---|${"---|".repeat(sizes.length + 1)}`,
    ...links.map(row),
  ];
}

async function describe({ name, size, perRank, rate, on }) {
  const demand = await demands(name, size);
  const { flopsPerImage, updates } = demand;
  const alone = (perRank * flopsPerImage) / rate;
  const megabytes = updates.map((bytes) => (bytes / 1e6).toFixed(2));
  const facts = `${(flopsPerImage / 1e9).toPrecision(3)} GFLOP an image, gradients of ${megabytes.join(" and ")} MB`;
  return [
    `**${name}, ${size}×${size}**: ${facts}; on ${on} a step of ${perRank} images takes ${duration(alone)}.`,
    "",
    `Each rank keeps its ${perRank} images: what is left of a rank's speed, with a ring`,
    "",
    ...efficiencyTable(demand, alone, shapes.ring),
    "",
    "and with a tree",
    "",
    ...efficiencyTable(demand, alone, shapes.tree),
    "",
    "All ranks share 4,096 images: time of a step, with a ring",
    "",
    ...fixedTable(demand, (4096 * flopsPerImage) / rate),
  ];
}

/** The tables of the page. */
export async function tables() {
  const all = [];
  for (const setting of settings) all.push((await describe(setting)).join("\n"));
  return all.join("\n\n");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) console.log(await tables());
