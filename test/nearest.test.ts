import { expect, it } from "vitest";
import { nearest, nearestOnes } from "../lib/nearest.js";

const known = ["--steps", "--seed", "--size", "--sample-every", "--log-every", "--lr", "-x"];

it.each([
  ["nothing", "", undefined],
  ["what is like none of them", "--nothing-like-it", undefined],
  ["four wrong letters", "--sampxxxxery", undefined],
  ["more wrong letters than right ones", "--xd", undefined],
  ["a letter, which is like any", "-s", undefined],
  ["a name itself, which is not what was meant", "--lr", undefined],
  ["a letter too few", "--step", "--steps"],
  ["a letter too many", "--seeed", "--seed"],
  ["a wrong letter", "--sixe", "--size"],
  ["swapped letters", "--setps", "--steps"],
  ["two mistakes", "--smaple-evry", "--sample-every"],
  ["another spelling", "sampleEvry", "--sample-every"],
  ["what is as near to one as to another", "--sixd", "one of --seed, --size"],
])("the nearest name to %s: %j", (_, given, expected) => {
  expect(nearest(given, known)).toBe(expected);
});

it("letters that are swapped are one mistake, and not two", () => {
  expect(nearest("setps", ["setup", "steps"])).toBe("steps");
});

it("there is no nearest of no names", () => {
  expect(nearest("--steps", [])).toBeUndefined();
});

it("of a few names one is only told where hardly another can be meant", () => {
  const flags = ["--port", "--json", "--help"];
  expect(nearestOnes("--host", flags)).toEqual([]);
  expect(nearestOnes("--prot", flags)).toEqual(["--port"]);
  const many = Array.from({ length: 14 }, (_, i) => `--${"x".repeat(i + 8)}`);
  expect(nearestOnes("--host", [...flags, ...many])).toEqual(["--port"]);
});
