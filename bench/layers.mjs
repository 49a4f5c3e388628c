// What the rewrites of single kinds of layers are worth: fused beside eager, on pairs that are made
// of one kind.
import { Discriminator, Generator, Trainer } from "sparring";
import { playSparring } from "./contest.mjs";
import { layerCases } from "./layer-cases.mjs";
import { pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

const ways = [{ execution: "eager" }, { execution: "fused" }];

async function run(arena, options) {
  const rows = [];
  for (const one of layerCases) {
    const { seconds, ms } = await playSparring(arena, one, ways, options);
    const [eagerMs, fusedMs] = ms;
    const ratio = pairedRatio(...seconds);
    rows.push({ title: one.title, eagerMs, fusedMs, ratio, rewrites: await rewritesOf(one) });
  }
  return rows;
}

/** Those of the small layers at the ends of each pair. */
const beside = ["linear layer by oneDNN", "1x1 convolution as a product of all pixels"];

/** The rewrites of its steps, as explain() names them. Some depend on the processor. */
async function rewritesOf({ pair, training, batch }) {
  const generator = new Generator(pair.generator);
  const discriminator = new Discriminator(pair.discriminator);
  const trainer = new Trainer({ ...training, generator, discriminator });
  try {
    const plan = await trainer.plan(batch);
    const operations = [...plan.generator, ...plan.discriminator];
    const all = operations.flatMap(({ rewrites }) => rewrites);
    const names = all.filter((name) => !beside.includes(name));
    return [...new Set(plan.kind === "planned" ? ["a list of calls", ...names] : names)];
  } finally {
    for (const one of [trainer, generator, discriminator]) one.dispose();
  }
}

function describe(rows) {
  const cells = rows.map((row) => [
    row.title,
    digits(row.eagerMs),
    digits(row.fusedMs),
    times(row.ratio),
    row.rewrites.join("; ") || "none of its own",
  ]);
  const header = ["ms a step of such layers", "eager", "fused", "times as fast", "rewrites"];
  return table(header, cells, ["l", "r", "r", "r", "l"]);
}

/** @type {import("./questions.mjs").Question} */
export const layers = { name: "layers", run, describe };
