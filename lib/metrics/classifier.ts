import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { addon, crossing } from "../addon.js";
import { resolveClassifier } from "../architecture.js";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { traced } from "../errors.js";
import * as l from "../layers/index.js";
import { readSafetensors } from "../safetensors.js";
import { fitState } from "../weights.js";
import type { NativeFeatureInput } from "./native.js";
import { FeatureNetwork } from "./network.js";

/** How the classifier is loaded. */
export interface ClassifierOptions {
  /**
   * Each of 3 channels is a digit of its own, as in datasets.stackedMnist(): 192 features and three
   * answers an image, which modeCoverage() needs; inceptionScore() and classBalance() do not take
   * them.
   *
   * @default false
   */
  readonly eachChannel?: boolean | undefined;
  /** The device it runs on. @default "cpu" */
  readonly device?: Device | undefined;
}

/** What is known of the classifier: metrics/classifier.json. */
export interface ClassifierFacts {
  readonly name: string;
  /** Share of MNIST's 10,000 test images that it classifies rightly. */
  readonly accuracy: number;
  readonly seed: number;
  readonly steps: number;
  readonly batchSize: number;
}

const folder = fileURLToPath(new URL("../../metrics/", import.meta.url));
/** @internal Where it is shipped. */
export const classifierFiles = {
  weights: `${folder}classifier.safetensors`,
  facts: `${folder}classifier.json`,
};

/**
 * @internal Its layers: what the first child makes are the features, 64 of them, the second makes
 * logits of the ten digits.
 */
export const classifierLayers = [
  l.sequential("features", [
    l.conv2d(16, 3, { padding: 1 }),
    l.batchNorm2d(),
    l.leakyRelu(0.1),
    l.conv2d(32, 3, { stride: 2, padding: 1 }),
    l.batchNorm2d(),
    l.leakyRelu(0.1),
    l.conv2d(48, 3, { stride: 2, padding: 1 }),
    l.batchNorm2d(),
    l.leakyRelu(0.1),
    l.conv2d(64, 3, { stride: 2, padding: 1 }),
    l.batchNorm2d(),
    l.leakyRelu(0.1),
    l.flatten(),
    l.linear(64),
    l.leakyRelu(0.1),
  ]),
  l.linear(10, { name: "digits" }),
];

const side = 28;

/**
 * The classifier of MNIST's digits that comes with the package: a small convolutional network of 64
 * features, trained by `scripts/train-classifier.mjs` with layers of ours. It takes grey images of
 * any size, resized to 28 × 28. Its numbers are about digits: they cannot be compared with those of
 * Inception features. Its accuracy on MNIST's test images is in metrics/classifier.json.
 *
 * @throws TypeError for options that there are not; ERR_DEVICE for a device that is not there
 */
export async function classifier(options: ClassifierOptions = {}): Promise<FeatureNetwork> {
  const { eachChannel, device } = check.options(options, "options", ["eachChannel", "device"]);
  const each = check.boolean(eachChannel ?? false, "eachChannel");
  const on = resolveDevice(device);
  const input: NativeFeatureInput = {
    channels: 1,
    size: side,
    black: -1,
    white: 1,
    bytes: false,
    eachChannel: each,
  };
  return traced(async () => {
    const { layers, state } = resolveClassifier([1, side, side], classifierLayers);
    const { weights } = classifierFiles;
    const tensors = await fitState(await readSafetensors(weights), state, weights);
    const native = await crossing(() => addon().metrics.classifier(layers, tensors, input, on));
    const { name } = classifierFacts();
    return new FeatureNetwork(each ? `${name} of each channel` : name, input, native);
  });
}

/** @internal What classifier.json says. */
export function classifierFacts(): ClassifierFacts {
  return JSON.parse(readFileSync(classifierFiles.facts, "utf8"));
}
