/**
 * The mathematics of the 2014 paper (Goodfellow et al.) as experiments: each trains real networks
 * on the CPU and gives its figures.
 *
 * @module
 */
import type { Algorithm1 } from "./algorithm1.js";
import type { Figure1 } from "./figure1.js";
import { checkSettings, type TheoryOptions } from "./kind.js";
import type { Modes } from "./modes.js";
import type { Proposition1 } from "./proposition1.js";
import type { Saturation } from "./saturation.js";
import type { Theorem1 } from "./theorem1.js";
import { type AnyFigures, type ExperimentName, experiments } from "./table.js";

export type { Algorithm1, Game, Overtrained } from "./algorithm1.js";
export type { Figure1, Moment, Part } from "./figure1.js";
export type { TheoryOptions } from "./kind.js";
export type { Coverage, Covered, Mixture, Modes, ObjectiveName } from "./modes.js";
export type { Distance, Proposition1 } from "./proposition1.js";
export { type Saved, save } from "./save.js";
export type { Saturation, Teaching } from "./saturation.js";
export type { AnyFigures } from "./table.js";
export type { Path, Theorem1 } from "./theorem1.js";

/**
 * Figure 1: one pair on the line, from a half-trained D to p_g = p_data, with the moments between
 * as an animation. p_data is N(−0.6, 0.6²), p_g begins as N(0.9, 0.85²); 600 steps by default.
 *
 * @throws TypeError and RangeError for options that make no sense; the signal's reason where it
 *   aborts
 */
export function figure1(options?: TheoryOptions): Promise<Figure1> {
  return run("figure1", options);
}

/**
 * Proposition 1: |D − D*| while D is trained against a generator that stays, for two Gaussians and
 * for a mixture. D* is p_data / (p_data + p_g); 4,000 steps by default.
 *
 * @throws TypeError and RangeError for options that make no sense; the signal's reason where it
 *   aborts
 */
export function proposition1(options?: TheoryOptions): Promise<Proposition1> {
  return run("proposition1", options);
}

/**
 * Theorem 1: C(G) as a trained D measures it, against −log 4 + 2·JSD, along two paths of
 * generators. In nats; a new D is trained for each of 16 generators, 2,000 steps by default, and
 * judged by 200,000 samples that it has not seen.
 *
 * @throws TypeError and RangeError for options that make no sense; the signal's reason where it
 *   aborts
 */
export function theorem1(options?: TheoryOptions): Promise<Theorem1> {
  return run("theorem1", options);
}

/**
 * Algorithm 1 with k = 1, 2 and 5, and a discriminator that is trained to the end on a few samples.
 * V in nats; 2,000 updates of G by default.
 *
 * @throws TypeError and RangeError for options that make no sense; the signal's reason where it
 *   aborts
 */
export function algorithm1(options?: TheoryOptions): Promise<Algorithm1> {
  return run("algorithm1", options);
}

/**
 * Section 3 of the 2014 paper: the gradient of the generator under both of its losses while D wins,
 * and what becomes of G. p_data is N(−2, 0.4²) and p_g begins as N(2, 0.4²), which D tells apart
 * soon; 1,000 steps by default.
 *
 * @throws TypeError and RangeError for options that make no sense; the signal's reason where it
 *   aborts
 */
export function saturation(options?: TheoryOptions): Promise<Saturation> {
  return run("saturation", options);
}

/**
 * Mode coverage: a ring of 8 and a grid of 25 Gaussians, learned with every objective. 6,000 steps
 * each by default.
 *
 * @throws TypeError and RangeError for options that make no sense; the signal's reason where it
 *   aborts
 */
export function modes(options?: TheoryOptions): Promise<Modes> {
  return run("modes", options);
}

async function run<Name extends ExperimentName>(
  name: Name,
  options: TheoryOptions | undefined,
): Promise<Extract<AnyFigures, { experiment: Name }>> {
  const { steps, run } = experiments[name];
  return (await run(checkSettings(options, steps))) as never;
}
