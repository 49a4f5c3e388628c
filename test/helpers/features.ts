// Features that a network could have made, the same on every machine.

/** Uniform in [0, 1): a linear congruential generator, the numbers of Numerical Recipes. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rows whose columns depend on each other: [count, width], far from 0 so that sums of squares would cancel. */
export function madeFeatures(count: number, width: number, seed: number, shift = 0): Float32Array {
  const next = uniform(seed);
  const data = new Float32Array(count * width);
  for (let row = 0; row < count; ++row) {
    let value = next();
    for (let column = 0; column < width; ++column) {
      value = 0.6 * value + next() - next() * next();
      data[row * width + column] = 10 + shift + value;
    }
  }
  return data;
}
