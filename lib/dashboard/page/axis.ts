// The axes of a chart: where their lines are, and how much room their numbers take.

export type Axis = "step" | "time";

/** Pixels, of the curves with the numbers below them. */
export const height = 190;
/** Pixels of these between the ends of the axis that goes up. */
const upwards = 156;
/** Pixels from one number of that axis to the next. */
const leastApart = 16;

/** How far apart two lines of an axis may be: whole steps, as their labels are, and whole seconds. */
export const apart: Readonly<Record<Axis, number[]>> = {
  step: Array.from({ length: 12 }, (_, i) => [1, 2, 5].map((digit) => digit * 10 ** i)).flat(),
  time: [
    ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800], // up to half an hour, and then whole hours
    ...[1, 2, 4, 6, 12, 24, 48, 120, 240, 480, 960].map((hours) => 3600 * hours),
  ],
};

/**
 * How far apart two lines of an axis that goes up may be. uPlot's own numbers end at 1e32, and losses
 * that go wrong do not: beyond that it would have no line and no number.
 */
export const apartUpwards: number[] = Array.from({ length: 340 }, (_, i) =>
  [1, 2, 2.5, 5].map((digit) => Number(`${digit}e${i - 32}`)),
).flat();

/**
 * A logarithmic axis has nine lines for each power of ten. This leaves those that there is room
 * for: powers before twos and fives, and these before others.
 */
export function thin(lines: readonly number[]): (number | null)[] {
  const [first = 1, last = 1] = [lines[0], lines.at(-1)];
  const at = (value: number) => (upwards * Math.log(value / first)) / Math.log(last / first);
  const kept: number[] = [];
  for (const digits of ["1", "25", "346789"])
    for (const value of lines) {
      const isNext = digits.includes(value.toExponential(3).charAt(0));
      if (isNext && kept.every((one) => Math.abs(at(one) - at(value)) >= leastApart))
        kept.push(value);
    }
  return lines.map((value) => (kept.includes(value) ? value : null));
}

/** Pixels for numbers beside an axis: where they are short, curves below each other begin alike. */
export function widthOf(numbers: readonly string[]): number {
  return Math.max(46, 12 + 7 * Math.max(0, ...numbers.map(({ length }) => length)));
}
