// The few statistics that a benchmark needs.

/**
 * The middle of some numbers; the mean of the two in the middle where their count is even.
 * @param {readonly number[]} values
 */
export function median(values) {
  const sorted = [...atLeastOne(values)].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The mean of ratios: 2 and 1/2 cancel out, as they should.
 * @param {readonly number[]} values
 */
export function geometricMean(values) {
  const logarithms = atLeastOne(values).map(Math.log);
  return Math.exp(logarithms.reduce((sum, value) => sum + value, 0) / values.length);
}

/**
 * How many times as long the first took as the second, from times that were taken in turn: a drift
 * of the machine slows both of a pair and leaves their ratio alone, which the ratio of two medians
 * would not survive.
 * @param {readonly number[]} first
 * @param {readonly number[]} second as many
 */
export function pairedRatio(first, second) {
  if (first.length !== second.length)
    throw new RangeError(
      `Expected ${first.length} numbers for second but received ${second.length}`,
    );
  return median(first.map((value, i) => value / second[i]));
}

function atLeastOne(values) {
  if (values.length > 0) return values;
  throw new RangeError("Expected at least one number for values but received none");
}
