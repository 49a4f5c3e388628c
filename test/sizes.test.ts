// Files that can be read in one go.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Of others' making, and what a generator writes. */
const notOurs = /third_party|\/schema\//;

const files = execFileSync("git", ["ls-files", "-z"], { encoding: "utf8" })
  .split("\0")
  .filter((path) => existsSync(path) && !notOurs.test(path));

it.each([
  ["of TypeScript, JavaScript and Python", /\.(ts|mjs|py)$/, 400],
  ["of C++ and CUDA", /\.(cc|h|cu)$/, 450],
])("no file %s has more lines than CONTRIBUTING.md says", (_, kind, limit) => {
  const ours = files.filter((path) => kind.test(path));
  expect(ours.length).toBeGreaterThan(10);
  const linesOf = (path: string) => readFileSync(path, "utf8").split("\n").length - 1;
  expect(ours.filter((path) => linesOf(path) > limit)).toEqual([]);
});
