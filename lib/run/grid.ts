// How the samples of a run are laid out.

const gridRows = 5;
/** A thousand classes would make a picture that nobody can look at. */
const mostColumns = 100;

/** Five columns; where there are classes, a column for each of the first hundred. */
export function gridOf(classes: number): {
  columns: number;
  count: number;
  labels?: number[] | undefined;
} {
  const columns = classes === 0 ? 5 : Math.min(classes, mostColumns);
  const count = columns * gridRows;
  return { columns, count, labels: inTurn(count, Math.min(classes, mostColumns)) };
}

/** Labels for so many samples, one class after the other; undefined where there are none. */
export function inTurn(count: number, classes: number): number[] | undefined {
  if (classes === 0) return undefined;
  return Array.from({ length: count }, (_, i) => i % classes);
}
