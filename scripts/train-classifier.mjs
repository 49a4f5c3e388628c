#!/usr/bin/env node
// Trains the classifier of MNIST that the metrics come with, by Sparring's own layers and
// optimizers, and writes it to metrics/ with its accuracy. Repeatable on one kind of processor.
//   npm run build && node scripts/train-classifier.mjs
import { writeFileSync } from "node:fs";
import { addon } from "../dist/addon.js";
import { resolveClassifier } from "../dist/architecture.js";
import { Images, datasets, optimizers, setThreads } from "../dist/index.js";
import { classifierFiles, classifierLayers } from "../dist/metrics/classifier.js";
import { toNativeOptimizer } from "../dist/optimizers/table.js";
import { writeSafetensors } from "../dist/safetensors.js";
import * as schedules from "../dist/schedules.js";

const recipe = { seed: 1, steps: 3000, batchSize: 64, shift: 2 };
const name = "mnist-classifier-1";

const { seed, batchSize, shift } = recipe;
const steps = Number(process.argv[2] ?? recipe.steps);
await setThreads(1); // one thread: others would round otherwise
const { layers } = resolveClassifier([1, 28, 28], classifierLayers);
const network = new (addon().Network)({ layers, device: "cpu", seed, bytes: 0 });
const train = await datasets.mnist();
const optimizer = optimizers.adam({ lr: 2e-3, schedule: schedules.cosine({ steps }) });
const loss = await addon().metrics.trainClassifier(network, train.native, {
  optimizer: toNativeOptimizer(optimizer),
  batchSize,
  steps,
  shift,
  seed,
});
const tensors = await network.state();
const accuracy = await accuracyOf(await datasets.mnist({ split: "test" }));
console.log(`loss ${loss.toFixed(4)} in the last step, accuracy ${accuracy} on the test images`);
if (accuracy < 0.985) throw new Error("Expected an accuracy of at least 0.985");
await writeSafetensors(classifierFiles.weights, tensors);
writeFileSync(
  classifierFiles.facts,
  `${JSON.stringify({ name, accuracy, ...recipe, steps }, null, 2)}\n`,
);

/** The accuracy of the network as it will be used: in evaluation mode. */
async function accuracyOf(test) {
  const input = { channels: 1, size: 28, black: -1, white: 1, bytes: false, eachChannel: false };
  const judge = await addon().metrics.classifier(layers, tensors, input, "cpu");
  const values = (await test.read(0, test.size)).data.map((value) => 2 * value - 1);
  const images = new Images(values, [test.size, 1, 28, 28]);
  const { logits } = await judge.ofImages(images.data, images.shape);
  const classes = logits.length / test.size;
  let right = 0;
  for (let i = 0; i < test.size; ++i) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (row.indexOf(Math.max(...row)) === test.labels[i]) ++right;
  }
  return right / test.size;
}
