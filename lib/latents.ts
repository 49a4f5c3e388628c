/** Ways from one latent to another, on vectors of noise as generator.noise() draws them. @module */
import * as check from "./check.js";
import { outOfRange } from "./errors.js";
import type { Floats } from "./arrays.js";

/** Sines below this are of vectors that point the same way, or away from each other. */
const flat = 1e-6;

/**
 * The straight line between two vectors: (1 − t) a + t b. Between two draws of normal noise it
 * leads through shorter vectors than any that a generator was trained on; slerp() does not.
 *
 * @param a a vector of any length of at least 1
 * @param b as long as `a`
 * @param t how far, from 0 (exactly `a`) to 1 (exactly `b`)
 * @throws TypeError, RangeError
 */
export function lerp(a: Float32Array, b: Float32Array, t: number): Floats {
  checkWay(a, b, t);
  return mix(a, b, 1 - t, t);
}

/**
 * The arc between two vectors (Shoemake 1985, for latents White 2016): sin((1 − t) ω) / sin ω · a +
 * sin(t ω) / sin ω · b, where ω is the angle between them. Between vectors of equal norm all have
 * that norm. Where there is no one arc, of parallel or opposite vectors and of zeros, it is the
 * line.
 *
 * @param a a vector of any length of at least 1
 * @param b as long as `a`
 * @param t how far, from 0 (exactly `a`) to 1 (exactly `b`)
 * @throws TypeError, RangeError
 */
export function slerp(a: Float32Array, b: Float32Array, t: number): Floats {
  checkWay(a, b, t);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(cosine);
  const sine = Math.sin(angle);
  // Not a number for zeros, which have no angle, and where rounding leaves a cosine beyond 1.
  if (!(sine > flat)) return mix(a, b, 1 - t, t);
  return mix(a, b, Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine);
}

function checkWay(a: Float32Array, b: Float32Array, t: number): void {
  check.floats(a, "a");
  check.floats(b, "b");
  if (a.length === 0) throw outOfRange("at least 1 number", "a", a);
  if (a.length !== b.length)
    throw outOfRange(`${a.length} numbers, as many as a has,`, "b", `${b.length} numbers`);
  check.between(t, "t", 0, 1);
}

function mix(a: Float32Array, b: Float32Array, ofA: number, ofB: number): Floats {
  return a.map((value, i) => ofA * value + ofB * (b[i] as number));
}

/** The inner product, summed in float64. */
function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
