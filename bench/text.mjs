// Figures and tables for people.
import { markdownTable } from "markdown-table";

/** So many digits; of what is 100 or more, all before the point. */
export function digits(value, count = 3) {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(count)).toString();
}

export function times(value) {
  return `${value.toFixed(2)}×`;
}

export function percent(value) {
  return `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`;
}

/**
 * A table whose first column is a name, and whose others are figures.
 * @param {readonly string[]} header
 * @param {readonly (readonly string[])[]} rows
 */
export function table(header, rows, align = ["l", ...Array(header.length - 1).fill("r")]) {
  return markdownTable([header, ...rows], { align, stringLength: width });
}

/** Characters, not code units. */
function width(text) {
  return [...text].length;
}
