// What a build leaves behind; in place of cmake-js, a script that fills the tree as that does.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildNative } from "../../scripts/setup/native.mjs";
import { temporaryFolder, writeFiles } from "./helpers.js";

const cmakeJs = `
const { argv } = process;
const tree = argv[argv.indexOf("--out") + 1];
require("node:fs").writeFileSync(tree + "/cmake_pch.hxx.gch", "much");
console.log(argv[2] + " done");
process.exitCode = argv[2] === process.env.SPARRING_TEST_FAILS ? 1 : 0;
`;

/** Builds a package: a clone has the sources of the tests. */
async function build(hasTests: boolean) {
  const root = temporaryFolder();
  writeFiles(root, {
    "package.json": "{}",
    "node_modules/cmake-js/package.json": "{}",
    "node_modules/cmake-js/bin/cmake-js": cmakeJs,
  });
  const libtorch = { directory: "/torch", version: "2.13.0", cuda: null, label: "2.13.0 (cpu)" };
  const tools = { compiler: "g++", label: "g++", generator: "Ninja", launcher: null };
  const ended = buildNative(root, { libtorch, tools, tests: false, hasTests });
  const failure = await ended.then(() => undefined, String);
  const log = readFileSync(join(root, "build/setup.log"), "utf8");
  return { failure, log, hasTree: existsSync(join(root, "build/cmake")) };
}

it("keeps the log of an installed package, and nothing of the compiler's", async () => {
  const log = "configure done\nbuild done\n";
  expect(await build(false)).toEqual({ failure: undefined, log, hasTree: false });
});

it("keeps a clone's tree: the next build compiles what changed", async () => {
  expect(await build(true)).toMatchObject({ failure: undefined, hasTree: true });
});

it("keeps the tree of a build that failed, to look into", async () => {
  process.env.SPARRING_TEST_FAILS = "build";
  try {
    const { failure, hasTree } = await build(false);
    expect(failure).toMatch(/The native build failed; all it printed is in /);
    expect(hasTree).toBe(true);
  } finally {
    delete process.env.SPARRING_TEST_FAILS;
  }
});
