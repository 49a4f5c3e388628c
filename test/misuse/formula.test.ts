// Losses as text that are none.
import { expect, it } from "vitest";
import { objectives } from "../../lib/index.js";
import { bad } from "../helpers/misuse.js";

const names = "abs, exp, log, mean, relu, sigmoid, softplus, sqrt, square, tanh, max, min, pow";
const formula = "a formula of real and fake for generator of formula";
const from = (character: number, text: string) =>
  `Expected a formula, which this is not from character ${character} on, for generator of formula but received "${text}"`;
const parentheses = `${"(".repeat(990)}fake`;

it.each<[string, unknown, string | RegExp]>([
  ["a number", 1, "Expected a non-empty string for generator of formula but received 1"],
  ["null", null, "Expected a value for generator of formula but received null"],
  ["nothing", "", 'Expected a non-empty string for generator of formula but received ""'],
  ["spaces", "  ", `Expected ${formula} but received "  "`],
  ["two formulas", "fake; fake", from(5, "fake; fake")],
  [
    "two formulas in parentheses",
    "-(fake, real)",
    `Expected ${formula} but received "-(fake, real)"`,
  ],
  ["a sign before it", " , fake", from(2, " , fake")],
  ["a sign after it", "fake ,", from(6, "fake ,")],
  ["a value that is missing", "-(, fake)", from(3, "-(, fake)")],
  ["a sign too many", "(fake, )", from(6, "(fake, )")],
  ["a call of JavaScript's", "exp?.(fake)", from(4, "exp?.(fake)")],
  ["a text", "'fake'", `Expected ${formula} but received "'fake'"`],
  ["a list", "[fake]", `Expected ${formula} but received "[fake]"`],
  ["a choice", "fake ? 1 : 2", from(6, "fake ? 1 : 2")],
  ["a function without a name", "(fake)(fake)[0](1)", /^Expected one of abs.* for a function /],
  ["a sign that is none", "!fake", `Expected ${formula} but received "!fake"`],
  ["an open parenthesis", "softplus(-fake", from(15, "softplus(-fake")],
  [
    "a name that is none",
    "-fakes",
    'Expected one of real, fake for a name in generator of formula but received "fakes"',
  ],
  [
    "a function of JavaScript",
    "Math.exp(fake)",
    `Expected one of ${names} for a function in generator of formula but received "Math.exp"`,
  ],
  [
    "a function with a mistake",
    "softPlus(fake)",
    'Expected softplus for a function in generator of formula but received "softPlus"',
  ],
  [
    "what every object has",
    "constructor(fake)",
    `Expected one of ${names} for a function in generator of formula but received "constructor"`,
  ],
  [
    "a power by a sign",
    "fake ** 2",
    'Expected one of +, -, *, / for an operator in generator of formula but received "**"',
  ],
  [
    "two values for one",
    "exp(fake, real)",
    "Expected 1 value for exp in generator of formula but received 2",
  ],
  [
    "one value for two",
    "max(fake)",
    "Expected 2 values for max in generator of formula but received 1",
  ],
  [
    "no fake",
    "real - 1",
    'Expected a formula of fake for generator of formula but received "real - 1"',
  ],
  [
    "more than anybody writes",
    `fake${" ".repeat(1000)}`,
    /^Expected a formula of 1000 characters at most for generator of formula but received "fake/,
  ],
  [
    "parentheses without end",
    parentheses,
    /^Expected a formula, which this is not from character 995 on, for generator of formula but/,
  ],
])("refuses %s", (_, generator, message) => {
  const make = () => objectives.formula({ generator: bad(generator) });
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

it.each([
  ["1e39", "1e+39"],
  ["1e999", "Infinity"],
])("refuses a number that no float32 holds: %s", (number, told) => {
  const make = () => objectives.formula({ generator: `fake * ${number}` });
  expect(make).toThrow(RangeError);
  expect(make).toThrow(
    `Expected what a float32 can hold for a number in generator of formula but received ${told}`,
  );
});

it("refuses losses of the discriminator that forget a score", () => {
  expect(() => objectives.formula({ discriminator: "softplus(fake)" })).toThrow(
    'Expected a formula of real and fake for discriminator of formula but received "softplus(fake)"',
  );
});
