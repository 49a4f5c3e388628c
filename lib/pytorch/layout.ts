import type { Expression } from "../layers/python.js";

/** Most characters of a line. */
export const width = 100;
const step = "    ";

/**
 * A statement with an expression in it, on one line if it fits, else with the expression's parts on
 * lines of their own.
 */
export function layOut(
  before: string,
  expression: Expression,
  after: string,
  indent: string,
): string {
  const line = `${indent}${before}${flat(expression)}${after}`;
  if (line.length <= width || typeof expression === "string" || expression.items.length === 0)
    return line;
  const items = expression.items.map((item) => layOut("", item, ",", indent + step));
  return [
    `${indent}${before}${expression.open}`,
    ...items,
    `${indent}${expression.close}${after}`,
  ].join("\n");
}

function flat(expression: Expression): string {
  if (typeof expression === "string") return expression;
  return `${expression.open}${expression.items.map(flat).join(", ")}${expression.close}`;
}
