// Densities on the line, in double precision, and what the 2014 paper says of two of them.

/** A probability density that samples can be made of. */
export interface Density {
  at(x: number): number;
  /** Samples, one for each number drawn from N(0, 1). */
  from(normals: Float32Array): Float32Array;
}

/** N(mean, deviation²). */
export function gaussian(mean: number, deviation: number): Density {
  const height = 1 / (deviation * Math.sqrt(2 * Math.PI));
  return {
    at: (x) => height * Math.exp(-(((x - mean) / deviation) ** 2) / 2),
    from: (normals) => normals.map((z) => mean + deviation * z),
  };
}

/** Densities of equal weight. Their samples take turns: each has its share to the sample. */
export function mixture(parts: readonly Density[]): Density {
  return {
    at: (x) => parts.reduce((sum, part) => sum + part.at(x), 0) / parts.length,
    from: (normals) =>
      normals.map(
        (z, i) => (parts[i % parts.length] as Density).from(Float32Array.of(z))[0] as number,
      ),
  };
}

/** An interval of the line. */
export type Interval = readonly [from: number, to: number];

/** `count` numbers from one end to the other, both included. */
export function spread([from, to]: Interval, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

const points = 4001;

/** Where integrate() looks at its function. */
export const nodes = (interval: Interval) => spread(interval, points);

/**
 * The integral by the trapezoidal rule: for a smooth function that is nothing at both ends, as
 * those here are, exact to rounding. The function is told which of the nodes it is asked for.
 */
export function integrate(f: (x: number, node: number) => number, interval: Interval): number {
  const values = nodes(interval).map(f);
  const ends = ((values[0] as number) + (values.at(-1) as number)) / 2;
  const sum = values.reduce((total, value) => total + value, 0);
  return ((interval[1] - interval[0]) / (points - 1)) * (sum - ends);
}

/**
 * `count` points that cut a density into equal shares, half a one before the first and after the
 * last; to a step of the nodes.
 */
export function quantiles({ at }: Density, count: number, interval: Interval): number[] {
  const found: number[] = [];
  const step = (interval[1] - interval[0]) / (points - 1);
  let share = 0;
  for (const x of nodes(interval)) {
    share += step * at(x);
    while (found.length < count && share >= (found.length + 0.5) / count) found.push(x);
  }
  return found;
}

/** The Kullback–Leibler divergence of p from q, in nats. */
export function kullbackLeibler(p: Density, q: Density, interval: Interval): number {
  return integrate((x) => weighted(p.at(x), Math.log(p.at(x) / q.at(x))), interval);
}

/** The Jensen–Shannon divergence, in nats: from 0 to log 2. */
export function jensenShannon(p: Density, q: Density, interval: Interval): number {
  const middle = mixture([p, q]);
  const half = (one: Density) => kullbackLeibler(one, middle, interval) / 2;
  return half(p) + half(q);
}

/** Proposition 1: the best discriminator, p_data / (p_data + p_g); ½ where neither has any mass. */
export function bestDiscriminator(data: Density, made: Density, x: number): number {
  const [p, q] = [data.at(x), made.at(x)];
  return p + q === 0 ? 1 / 2 : p / (p + q);
}

/** Theorem 1: C(G) = −log 4 + 2·JSD. */
export function criterion(data: Density, made: Density, interval: Interval): number {
  return -Math.log(4) + 2 * jensenShannon(data, made, interval);
}

/**
 * V(D, G) = E[log D(x)] + E[log(1 − D(G(z)))] of a discriminator with these logits at the nodes.
 */
export function valueAt(
  logits: ArrayLike<number>,
  data: Density,
  made: Density,
  interval: Interval,
): number {
  return integrate((x, node) => {
    const logit = logits[node] as number;
    return -data.at(x) * softplus(-logit) - made.at(x) * softplus(logit);
  }, interval);
}

/** log(1 + eˣ) without overflow: −log of a sigmoid is softplus of the negative logit. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** A logarithm times its weight, where 0 · log 0 is 0. */
function weighted(weight: number, value: number): number {
  return weight === 0 ? 0 : weight * value;
}
