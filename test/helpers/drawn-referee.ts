// PyTorch as the referee of trainings: it trains the source that toPyTorch() prints.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Discriminator, Generator } from "../../lib/index.js";
import type { DrawnTraining } from "./drawn-training.js";
import { withFolder } from "./networks.js";
import { referee } from "./referee.js";

/** What drawn.py says of a training. */
export interface Judgement {
  readonly initial: string;
  readonly final: string;
  readonly losses: readonly (readonly [number, number])[];
  readonly finite: boolean;
  readonly error?: string;
}

function rowOf({ seed, pair, rules, bytes, labels }: DrawnTraining): object {
  using generator = new Generator(pair.generator, { seed: 0 });
  using discriminator = new Discriminator(pair.discriminator, { seed: 0 });
  return {
    ...{ seed, pair, rules, bytes, labels },
    scores: discriminator.scores,
    heads: discriminator.heads,
    conditional: (pair.discriminator.classes ?? 0) > 0,
    sources: [generator.toPyTorch(), discriminator.toPyTorch()],
  };
}

/** How far PyTorch ends from itself at most, where each module rounds otherwise, in some attempts. */
export function roundedThere(training: DrawnTraining): Promise<number> {
  return withFolder(async (folder) => {
    const file = join(folder, "training.json");
    await writeFile(file, JSON.stringify([rowOf(training)]));
    const name = `drawn-rounded-${training.seed}`;
    const args = [file, "rounded", "6"];
    const { value } = await referee<Record<string, number>>(name, "fuzz/drawn.py", args);
    return value[training.seed] as number;
  });
}

/** What PyTorch makes of trainings, each by its seed; `name` is the reference's. */
export function trainThere(name: string, trainings: readonly DrawnTraining[]) {
  return withFolder(async (folder) => {
    const file = join(folder, "trainings.json");
    await writeFile(file, JSON.stringify(trainings.map(rowOf)));
    return referee<Record<string, Judgement>>(name, "fuzz/drawn.py", [file]);
  });
}
