// What a dataset and a batch have to be for a pair.
import { trainsOnOne } from "../architecture.js";
import { needsOf } from "../auxiliaries/table.js";
import * as check from "../check.js";
import { Dataset } from "../data/dataset.js";
import { outOfRange, SparringError } from "../errors.js";
import type { Discriminator, Generator } from "../networks.js";
import type { TrainerOptions, TrainerSettings } from "./options.js";

/** Images, and labels where they are needed, that the pair can be trained on. Throws TypeError or ERR_DATA. */
export function checkDataset(dataset: unknown, settings: TrainerSettings): Dataset {
  const data = check.made(dataset, Dataset, "a dataset", "dataset");
  const { image } = settings.discriminator;
  if (data.image.join() !== image.join()) {
    throw new SparringError(
      "ERR_DATA",
      `Expected images of [${image.join(", ")}] for dataset but received [${data.image.join(", ")}]`,
    );
  }
  const reader = labelReader(settings);
  if (reader !== undefined) checkLabels(data, settings.generator.latent.classes, reader);
  return data;
}

/** Who looks at the labels of the reals, if anyone does. */
function labelReader({ objective, discriminator }: TrainerSettings): string | undefined {
  if (discriminator.resolved.classes > 0) return "the discriminator";
  return objective.auxiliaries.find((auxiliary) => needsOf(auxiliary).labels)?.type;
}

function checkLabels({ labels }: Dataset, classes: number, reader: string): void {
  if (labels === undefined) {
    throw new SparringError(
      "ERR_DATA",
      `Expected labels, which ${reader} needs, for dataset but received none`,
    );
  }
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong === -1) return;
  throw new SparringError(
    "ERR_DATA",
    `Expected labels from 0 to ${classes - 1} (${classes} classes) for dataset but received ${labels[wrong]} at image ${wrong}`,
  );
}

/** @internal A batch size that every batch of an epoch of `size` images can be trained with. */
export function checkBatch(
  batchSize: unknown,
  name: string,
  pair: Pick<TrainerOptions, "generator" | "discriminator">,
  size: number,
): number {
  const coupled = needsTwo(pair.generator) || needsTwo(pair.discriminator);
  if (coupled && size < 2)
    throw outOfRange("at least 2 images (BatchNorm trains on more than one)", "the dataset", size);
  if (coupled && batchSize === 1)
    throw outOfRange(
      `a whole number from 2 to ${size} (BatchNorm trains on more than one)`,
      name,
      batchSize,
    );
  const batch = check.integer(batchSize, name, coupled ? 2 : 1, size);
  if (coupled && size % batch === 1) {
    throw outOfRange(
      `a number that does not leave a last batch of 1 of ${size} images (BatchNorm trains on more than one)`,
      name,
      batch,
    );
  }
  return batch;
}

/** One image has no statistics, and would spoil those that are kept for evaluation. */
function needsTwo({ resolved }: Generator | Discriminator): boolean {
  const keepsStatistics = [...resolved.state.keys()].some((key) => key.endsWith(".running_mean"));
  return keepsStatistics || !trainsOnOne(resolved);
}
