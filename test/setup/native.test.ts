// What a build leaves behind; in place of cmake-js, a script that fills the tree as that does.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { buildNative } from "../../scripts/setup/native.mjs";
import { temporaryFolder, writeFiles } from "./helpers.js";

const cmakeJs = `
const { existsSync, writeFileSync } = require("node:fs");
const { argv } = process;
const tree = argv[argv.indexOf("--out") + 1];
const key = argv.find((one) => one.startsWith("--CDSPARRING_SETUP_KEY="))?.split("=")[1];
if (key) writeFileSync(tree + "/CMakeCache.txt", "SPARRING_SETUP_KEY:STRING=" + key);
else if (!existsSync(tree + "/object.o")) {
  writeFileSync(tree + "/object.o", "");
  console.log("compiled");
}
process.exitCode = argv[2] === process.env.SPARRING_TEST_FAILS ? 1 : 0;
`;

/** A package that nothing was built in. */
function unbuilt(): string {
  const root = temporaryFolder();
  writeFiles(root, {
    "package.json": "{}",
    "node_modules/cmake-js/package.json": "{}",
    "node_modules/cmake-js/bin/cmake-js": cmakeJs,
  });
  return root;
}

/** Builds a package; a clone has the sources of the tests. */
async function build(root: string, hasTests: boolean, force = false) {
  const libtorch = { directory: "/torch", version: "2.13.0", cuda: null, label: "2.13.0 (cpu)" };
  const tools = { compiler: "g++", label: "g++", generator: "Ninja", launcher: null };
  const ended = buildNative(root, { libtorch, tools, tests: false, hasTests, force });
  const failure = await ended.then(() => undefined, String);
  const log = readFileSync(join(root, "build/setup.log"), "utf8");
  return { failure, log, hasTree: existsSync(join(root, "build/cmake")) };
}

it("the build keeps the log of an installed package, and nothing of the compiler's", async () => {
  const ended = await build(unbuilt(), false);
  expect(ended).toEqual({ failure: undefined, log: "compiled\n", hasTree: false });
});

it("the build keeps a clone's tree: the next build compiles what changed, and all of it with --force", async () => {
  const root = unbuilt();
  expect(await build(root, true)).toMatchObject({ log: "compiled\n", hasTree: true });
  expect(await build(root, true)).toMatchObject({ log: "", hasTree: true });
  expect(await build(root, true, true)).toMatchObject({ log: "compiled\n", hasTree: true });
});

it("the build's stamp is there until a linker replaces an output", async () => {
  const root = temporaryFolder();
  const cmake = fileURLToPath(new URL("../../cmake/stamp.cmake", import.meta.url));
  writeFiles(root, {
    "CMakeLists.txt": `
      cmake_minimum_required(VERSION 3.20)
      project(stamped LANGUAGES CXX)
      set(SPARRING_OUTPUT "\${CMAKE_CURRENT_BINARY_DIR}/out")
      include("${cmake}")
      add_library(addon MODULE addon.cc)
      sparring_stamped(addon none)`,
    "addon.cc": "int one() { return 1; }",
  });
  const run = (...words: string[]) => spawnSync("cmake", words, { cwd: root }).status === 0;
  const stamp = join(root, "tree/out/build.json");
  const build = (text: string) => {
    writeFiles(root, { "addon.cc": text, "tree/out/build.json": "{}" });
    return { isBuilt: run("--build", "tree"), isStamped: existsSync(stamp) };
  };
  expect(run("-S", ".", "-B", "tree")).toBe(true);
  expect(build("int one() { return 1; }")).toEqual({ isBuilt: true, isStamped: false });
  expect(build("int one() { return wrong; }")).toEqual({ isBuilt: false, isStamped: true });
  expect(build("int one() { return 2; }")).toEqual({ isBuilt: true, isStamped: false });
});

it("the build keeps its tree where it failed, to look into", async () => {
  process.env.SPARRING_TEST_FAILS = "build";
  try {
    const { failure, hasTree } = await build(unbuilt(), false);
    expect(failure).toMatch(/The native build failed; all it printed is in /);
    expect(hasTree).toBe(true);
  } finally {
    delete process.env.SPARRING_TEST_FAILS;
  }
});
