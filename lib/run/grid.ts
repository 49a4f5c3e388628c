// How the samples of a run are laid out.

const gridRows = 5;

/** Five columns; where there are classes, a column for each. */
export function gridOf(classes: number): { columns: number; count: number; labels?: number[] } {
  const columns = classes === 0 ? 5 : classes;
  const count = columns * gridRows;
  return { columns, count, labels: inTurn(count, classes) };
}

/** Labels for so many samples, one class after the other; undefined where there are none. */
export function inTurn(count: number, classes: number): number[] | undefined {
  if (classes === 0) return undefined;
  return Array.from({ length: count }, (_, i) => i % classes);
}
