import * as check from "../check.js";
import { outOfRange } from "../errors.js";
import { checkNetworks, Features, type Measured, measured } from "./features.js";

/**
 * How many of the thousand combinations of three digits a generator makes, and what that was
 * measured with.
 */
export interface ModeCoverage extends Measured<"modeCoverage"> {
  /** Modes that the generated have and the real have too: 0 to `modes`; larger is better. */
  readonly value: number;
  /** Modes that the real have: at most 1,000. */
  readonly modes: number;
  /**
   * KL(generated ‖ real) of the modes' shares, in nats, over the modes that the real have; 0 for
   * equal shares.
   */
  readonly divergence: number;
}

const digits = 10;
const channels = 3;

/**
 * Mode coverage on stacked MNIST (Metz et al. 2017, https://arxiv.org/abs/1611.02163): a mode is
 * what the classifier says of the three channels together, as many as 1,000. The literature takes
 * 26,000 samples: of fewer, even perfect ones miss some.
 *
 *     const network = await metrics.classifier({ eachChannel: true });
 *     const real = await network.features(await datasets.stackedMnist({ count: 26_000 }));
 *     await metrics.modeCoverage(real, await network.features(generator, { count: 26_000 }));
 *
 * @param real features of `classifier({ eachChannel: true })`, of `datasets.stackedMnist()`
 * @param generated the same of a generator of three channels
 * @throws TypeError for what are no features; RangeError for features of another network, with
 * another number of answers, or of two networks
 */
export async function modeCoverage(real: Features, generated: Features): Promise<ModeCoverage> {
  const [theirs, ours] = [modesOf(real, "real"), modesOf(generated, "generated")];
  checkNetworks(real, generated);
  let divergence = 0;
  for (const [mode, count] of ours) {
    const share = count / generated.count;
    const expected = theirs.get(mode);
    // A mode that no real has is a mistake of the classifier, or no digit: the divergence would be
    // infinite.
    if (expected !== undefined) divergence += share * Math.log(share / (expected / real.count));
  }
  return {
    ...measured("modeCoverage", real, generated),
    value: [...ours.keys()].filter((mode) => theirs.has(mode)).length,
    modes: theirs.size,
    divergence,
  };
}

/** How many samples each mode has. */
function modesOf(features: Features, name: string): Map<number, number> {
  const { logits, count, classes, answers } = check.made(features, name, Features, "Features");
  if (logits === undefined || classes !== digits || answers !== channels)
    throw outOfRange(
      "features of classifier({ eachChannel: true })",
      name,
      `features of ${features.network} with ${answers} × ${classes} classes`,
    );
  const modes = new Map<number, number>();
  for (let i = 0; i < count; ++i) {
    let mode = 0;
    for (let channel = 0; channel < channels; ++channel) {
      const start = (i * channels + channel) * digits;
      const ofDigits = logits.subarray(start, start + digits);
      mode = digits * mode + ofDigits.indexOf(Math.max(...ofDigits));
    }
    modes.set(mode, (modes.get(mode) ?? 0) + 1);
  }
  return modes;
}
