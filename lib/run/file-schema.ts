// What a config file may hold, as a schema: the check of `sparring train config.json`, and, as JSON
// Schema, what editors complete it by. A message is the WHAT of "Expected WHAT for NAME but
// received VALUE".
import * as v from "valibot";
import { initText, initTypes } from "../architecture.js";
import { largestFloat32 } from "../check.js";
import { largestSide } from "../data/size.js";
import { layerKinds } from "../layers/table.js";
import { nearestOrAll } from "../nearest.js";
import { objectiveTable, objectiveWhat } from "../objectives/table.js";
import { optimizerTable } from "../optimizers/table.js";
import { defaultPreset, presetNames } from "../presets.js";
import { adaNames, adaTransforms } from "../trainer/ada.js";
import { fakesKinds, orders, policies } from "../trainer/options.js";
import { defaultFeatures } from "./features.js";
import { type Limit, limits } from "./limits.js";
import { plainOptions } from "./plain-options.js";
import { dataText } from "./plan.js";

/** An option with what it is for; `shown` is its default, or what it depends on. */
function option<T extends v.GenericSchema>(schema: T, about: string, shown?: string | number) {
  const text = shown === undefined ? about : `${about} Default: ${shown}.`;
  return v.optional(v.pipe(schema, v.description(text)));
}

const textOf = ({ min, max }: Limit) =>
  max === undefined ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`;

function number({ min, max = Number.MAX_SAFE_INTEGER }: Limit, what: string) {
  return v.pipe(v.number(what), v.integer(what), v.minValue(min, what), v.maxValue(max, what));
}

function whole(
  about: string,
  limit: Limit & { readonly usual?: number },
  shown: string | number | undefined = limit.usual,
) {
  return option(number(limit, textOf(limit)), about, shown);
}

function oneOf<const T extends readonly string[]>(about: string, names: T, shown: string) {
  return option(v.picklist(names, `one of ${names.join(", ")}`), about, shown);
}

function flag(about: string, shown: string | boolean) {
  return option(v.boolean("true or false"), about, String(shown));
}

const names = (table: object) => Object.keys(table);

/**
 * Data with a type: what goes with each of them is checked where they are made. `what` a type has
 * to be is said of one that there is not.
 */
function typed(
  types: readonly string[],
  what: (type: unknown) => string = () => `one of ${types.join(", ")}`,
) {
  return v.looseObject(
    { type: v.picklist(types, ({ input }) => what(input)) },
    "an object { type, ... }",
  );
}

const layerTypes = [...layerKinds.keys()];
const layers = v.array(
  typed(layerTypes, (type) => nearestOrAll(type, layerTypes)),
  "an array of layers",
);
const init = option(
  v.union([v.picklist(["torch", "dcgan"]), typed(initTypes)], initText),
  "What the first weights are.",
  "torch",
);

const text = (what: string) => v.pipe(v.string(what), v.minLength(1, what));
const positive = "a finite number above 0";
const deviceText = '"auto", "cpu", "cuda" or "cuda:i"';
const data = text(dataText);
const device = v.pipe(v.string(deviceText), v.regex(/^(auto|cpu|cuda(:[0-9]{1,3})?)$/, deviceText));

const sideLimit = { min: 1, max: largestSide };
const sideText = textOf(sideLimit);
const side = number(sideLimit, sideText);
const sizeText = "[height, width]";

const adaText = `null or an object { ${adaNames.join(", ")} }`;
const share = (from: number, what: string) =>
  v.pipe(v.number(what), v.minValue(from, what), v.maxValue(1, what));
const adaOptions = {
  transforms: option(
    v.array(v.picklist(adaTransforms, `one of ${adaTransforms.join(", ")}`), "an array"),
    "What is changed.",
    adaTransforms.join(", "),
  ),
  p: option(share(0, "a number in [0, 1]"), "The probability at the beginning.", 0),
  fixed: flag("Keeps the probability there.", false),
  target: option(share(-1, "a number in [-1, 1]"), "Mean sign of the scores of reals.", 0.6),
  interval: whole("Steps between two changes of the probability.", { min: 1, usual: 4 }),
  kimg: option(
    v.pipe(v.number(positive), v.gtValue(0, positive)),
    "Thousands of reals in which the probability goes from 0 to 1.",
    500,
  ),
};

const frozenText = "an object { generator, discriminator }";
const chosenText = "a number of layers, or an array of names";
const chosen = v.optional(
  v.union([number({ min: 0 }, chosenText), v.array(text("a non-empty string"))], chosenText),
);

const partText = "a number in [0, 1)";
const { execution, precision, reducePrecision } = plainOptions;

/** The options of `sparring train`, under the names of config.json. */
export const configSchema = v.strictObject({
  $schema: option(v.string("a string"), "Where this schema is, for editors."),
  preset: option(
    v.nullable(v.picklist(presetNames, ({ input }) => nearestOrAll(input, presetNames))),
    "What to train, and by which rules; with networks of your own, only the rules.",
    defaultPreset,
  ),
  generator: option(
    v.looseObject(
      {
        latent: v.looseObject({ noise: v.number("a number") }, "an object { noise, ... }"),
        layers,
        init,
      },
      "an object { latent, layers, ... }",
    ),
    "A generator of your own, beside a discriminator: what the constructor takes.",
    "the preset's",
  ),
  discriminator: option(
    v.looseObject(
      { image: v.array(v.number("a number"), "[channels, height, width]"), layers, init },
      "an object { image, layers, ... }",
    ),
    "A discriminator of your own, beside a generator.",
    "the preset's",
  ),
  objective: option(
    typed(names(objectiveTable), objectiveWhat),
    "What the two players minimise, as objectives makes it.",
    "the preset's",
  ),
  optimizer: option(
    v.looseObject(
      { generator: typed(names(optimizerTable)), discriminator: typed(names(optimizerTable)) },
      "an object { generator, discriminator }",
    ),
    "How each player learns, as optimizers makes it; lr replaces both rates.",
    "the preset's",
  ),
  order: oneOf("Who is updated first.", orders, "the preset's"),
  fakes: oneOf(
    "Whether the generator's update and the discriminator's next to it learn from the same fakes.",
    fakesKinds,
    "the preset's; without one, same for generatorFirst and fresh for discriminatorFirst",
  ),
  discriminatorSteps: whole(
    "Updates of the discriminator, and batches, in a step.",
    limits.discriminatorSteps,
    "the preset's",
  ),
  generatorSteps: whole(
    "Updates of the generator in a step.",
    limits.generatorSteps,
    "the preset's",
  ),
  frozen: option(
    v.looseObject({ generator: chosen, discriminator: chosen }, frozenText),
    "Weights that stay as they are: of the first layers, so many, or those of layers by their paths.",
    "none",
  ),
  ema: option(
    v.nullable(v.looseObject({ decay: v.number("a number") }, "null or an object { decay }")),
    "Keeps a moving average of the generator; null for none.",
    "the preset's",
  ),
  diffAugment: option(
    v.array(v.picklist(policies, `one of ${policies.join(", ")}`), "an array"),
    "Random changes of what the discriminator sees.",
    "the preset's",
  ),
  ada: option(
    v.nullable(v.looseObject(adaOptions, adaText)),
    "Adaptive discriminator augmentation, whose probability follows how sure the discriminator is; null for none.",
    "the preset's",
  ),
  data: option(
    data,
    "mnist, stacked-mnist, or the path of images, from this file's folder.",
    "mnist",
  ),
  size: option(
    v.union(
      [side, v.pipe(v.array(side, sizeText), v.length(2, sizeText))],
      `${sideText}, or ${sizeText}`,
    ),
    "Pixels that images are resized to: the side of a square, or [height, width].",
    "the preset's, or that of your own networks",
  ),
  channels: option(
    v.picklist([1, 3], "1 or 3"),
    "Channels of a folder's images: 1 for grey, 3 for colour.",
    3,
  ),
  resident: flag(
    "Whether a folder's images are held in memory; false reads each batch from the disk.",
    "as the memory allows",
  ),
  holdOut: option(
    v.pipe(v.number(partText), v.minValue(0, partText), v.ltValue(1, partText)),
    "Share of the images that is not trained on: evaluations are against these.",
    plainOptions.holdOut.usual,
  ),
  steps: whole("Steps to train.", limits.steps, "the preset's"),
  epochs: whole("Times through the data, instead of steps.", limits.epochs),
  batch: whole("Images in a batch.", limits.batch, "the preset's"),
  dropLast: flag(
    "Leaves out an incomplete batch at the end of an epoch.",
    plainOptions.dropLast.usual,
  ),
  horizontalFlip: flag(
    "Mirrors images at random, anew each time they come up.",
    plainOptions.horizontalFlip.usual,
  ),
  accumulate: whole("Parts to work on a batch in, to save memory.", plainOptions.accumulate),
  lr: option(
    v.pipe(
      v.number(positive),
      v.gtValue(0, positive),
      v.maxValue(largestFloat32, "a finite float32 above 0"),
    ),
    "Learning rate of both players.",
    "the preset's",
  ),
  execution: oneOf(
    "fused, or eager: PyTorch bit for bit, slower.",
    execution.names,
    execution.usual,
  ),
  device: option(device, "auto (a GPU if there is one), cpu, cuda or cuda:i.", "auto"),
  threads: whole("CPU threads.", { min: 1 }, "libtorch's choice"),
  seed: whole("The same seed gives the same run.", limits.seed, "random"),
  sampleEvery: whole("Steps between sample grids.", plainOptions.sampleEvery),
  logEvery: whole("Steps between lines of log and stats.jsonl.", plainOptions.logEvery),
  checkpointEvery: whole("Steps between checkpoints.", plainOptions.checkpointEvery),
  keepCheckpoints: whole(
    "How many of the newest checkpoints to keep.",
    plainOptions.keepCheckpoints,
  ),
  rollbacks: whole("Times to go back to a checkpoint after losses of NaN.", plainOptions.rollbacks),
  tensorboard: flag("Event files for TensorBoard.", plainOptions.tensorboard.usual),
  evaluateEvery: whole("Steps between evaluations, 0 for none.", plainOptions.evaluateEvery),
  evaluateSamples: whole(
    "Samples, and real images, in each evaluation.",
    plainOptions.evaluateSamples,
  ),
  evaluateFeatures: option(
    text("classifier or a TorchScript file"),
    "classifier, or the path of a TorchScript file, from this file's folder.",
    defaultFeatures,
  ),
  from: option(
    v.nullable(text("a non-empty string")),
    "The folder of a run whose networks this one begins with, from this file's folder; null for none.",
  ),
  fromStep: option(
    v.nullable(number({ min: 0 }, textOf({ min: 0 }))),
    "Which checkpoint of that run, by its step; null for what the run ended with, in weights/.",
    "the newest",
  ),
  precision: oneOf(
    "What products are computed in: tf32 only on GPUs.",
    precision.names,
    precision.usual,
  ),
  syncBatchNorm: flag(
    "BatchNorm over the rows of all ranks, where several train.",
    plainOptions.syncBatchNorm.usual,
  ),
  reducePrecision: oneOf(
    "What ranks sum their gradients in: bfloat16 is half as many bytes.",
    reducePrecision.names,
    reducePrecision.usual,
  ),
  out: option(text("a non-empty string"), "The run folder, new or empty, from this file's folder."),
});
