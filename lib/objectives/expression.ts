// Losses as text: read once, checked, and handed to native code as a program for a stack.
import jsep, { type Expression } from "jsep";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import { nearestOrAll } from "../nearest.js";

/** What a formula is of. */
export const scoreNames = ["real", "fake"] as const;
export type ScoreName = (typeof scoreNames)[number];

/** How many values each function takes; native code has a row for each. */
const functions = {
  ...{ abs: 1, exp: 1, log: 1, mean: 1, relu: 1, sigmoid: 1, softplus: 1, sqrt: 1, square: 1 },
  ...{ tanh: 1, max: 2, min: 2, pow: 2 },
} as const;
const operators = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide" } as const;
type Call = keyof typeof functions | (typeof operators)[keyof typeof operators] | "negate";

/** A formula, checked. */
export type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "score"; readonly name: ScoreName }
  | { readonly kind: "call"; readonly call: Call; readonly of: readonly Formula[] };

/** More of a text is no formula that somebody wrote. */
const longest = 1000;
/** What jsep reads past: signs between expressions, of which there is one, and what calls `f?.()`. */
const passedOver = /[;?]|(?<=(?:^|[(,])\s*),|,(?=\s*(?:$|\)))/;

/**
 * Reads a formula. Throws TypeError for what is none, RangeError for numbers that are too large.
 * @param name of an error
 */
export function parseFormula(value: unknown, name: string): Formula {
  const text = check.string(value, name);
  if (text.length > longest)
    throw wrongType(`a formula of ${longest} characters at most`, name, text);
  return checked(parsed(text, name), text, name);
}

function parsed(text: string, name: string): Expression {
  const endsAt = (at: number) =>
    wrongType(`a formula, which this is not from character ${at + 1} on,`, name, text);
  const stray = text.search(passedOver);
  if (stray >= 0) throw endsAt(stray);
  try {
    return jsep(text);
  } catch (cause) {
    throw endsAt((cause as { index?: number }).index ?? 0);
  }
}

function checked(node: Expression, text: string, name: string): Formula {
  const under = (one: unknown) => checked(one as Expression, text, name);
  switch (node.type) {
    case "Literal":
      if (typeof node.value !== "number") break;
      if (check.isFinite32(node.value)) return { kind: "number", value: node.value };
      throw outOfRange("what a float32 can hold", `a number in ${name}`, node.value);
    case "Identifier":
      return { kind: "score", name: check.oneOf(node.name, `a name in ${name}`, scoreNames) };
    case "UnaryExpression":
      if (node.operator === "-") return call("negate", under(node.argument));
      if (node.operator === "+") return under(node.argument);
      break;
    case "BinaryExpression":
      return call(operatorOf(node.operator, name), under(node.left), under(node.right));
    case "CallExpression":
      return called(node, under, name);
  }
  throw wrongType(`a formula of ${scoreNames.join(" and ")}`, name, text);
}

function operatorOf(sign: unknown, name: string) {
  const signs = Object.keys(operators) as (keyof typeof operators)[];
  return operators[check.oneOf(sign, `an operator in ${name}`, signs)];
}

function called(node: Expression, under: (one: unknown) => Formula, name: string): Formula {
  const { callee, arguments: given } = node as Expression & { callee: Expression; arguments: [] };
  const known = Object.keys(functions) as (keyof typeof functions)[];
  const one = check.oneOf(pathOf(callee), `a function in ${name}`, known, (value) =>
    nearestOrAll(value, known),
  );
  const count = functions[one];
  if (given.length !== count)
    throw wrongType(
      `${count === 1 ? "1 value" : `${count} values`}`,
      `${one} in ${name}`,
      given.length,
    );
  return call(one, ...given.map(under));
}

/** `exp` and `Math.exp`, and undefined for what has no name. */
function pathOf(node: Expression): unknown {
  if (node.type !== "MemberExpression" || node.computed) return node.name;
  return `${pathOf(node.object as Expression)}.${pathOf(node.property as Expression)}`;
}

const call = (one: Call, ...of: Formula[]): Formula => ({ kind: "call", call: one, of });

/** Whether a formula looks at those scores. */
export function mentions(formula: Formula, name: ScoreName): boolean {
  if (formula.kind === "call") return formula.of.some((one) => mentions(one, name));
  return formula.kind === "score" && formula.name === name;
}

/**
 * Takes a formula apart into one of reals and one of fakes, whose sum it is; undefined where that
 * cannot be done term by term.
 */
export function separated(formula: Formula): Record<ScoreName, Formula> | undefined {
  const terms = termsOf(formula);
  const isOf = (one: Formula, name: ScoreName) => mentions(one, name);
  if (terms.some((one) => isOf(one, "real") && isOf(one, "fake"))) return undefined;
  const sum = (some: Formula[]) => some.reduce((left, right) => call("add", left, right));
  const [fake, real] = [true, false].map((of) => terms.filter((one) => isOf(one, "fake") === of));
  if (!fake?.length || !real?.length) return undefined;
  return { real: sum(real), fake: sum(fake) };
}

/** What a formula is the sum of. */
function termsOf(formula: Formula): Formula[] {
  if (formula.kind !== "call") return [formula];
  const [left, right] = formula.of as [Formula, Formula];
  const isConstant = (one: Formula) => scoreNames.every((name) => !mentions(one, name));
  switch (formula.call) {
    case "add":
      return [...termsOf(left), ...termsOf(right)];
    case "subtract":
      return [...termsOf(left), ...termsOf(right).map((one) => call("negate", one))];
    case "negate":
      return termsOf(left).map((one) => call("negate", one));
    case "multiply":
      if (isConstant(left)) return termsOf(right).map((one) => call("multiply", left, one));
      if (isConstant(right)) return termsOf(left).map((one) => call("multiply", one, right));
      return [formula];
    case "divide":
      if (isConstant(right)) return termsOf(left).map((one) => call("divide", one, right));
      return [formula];
    default:
      return [formula];
  }
}

/** A formula as native code computes it: values and calls in the order of a stack. */
export function programOf(formula: Formula): string {
  if (formula.kind === "number") return String(formula.value);
  if (formula.kind === "score") return formula.name;
  return [...formula.of.map(programOf), formula.call].join(" ");
}
