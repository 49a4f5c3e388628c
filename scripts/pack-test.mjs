#!/usr/bin/env node
// Proves that the packed package works where only it is: packs, installs into an empty project,
// trains there.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const expectedFiles = [
  "package.json",
  "README.md",
  "LICENSE",
  "THIRD_PARTY_NOTICES.md",
  "CMakeLists.txt",
  "cmake/libtorch.cmake",
  "native/addon.cc",
  "scripts/setup.mjs",
  "scripts/setup/unpack_wheels.py",
  "scripts/python-env.mjs",
  "bench/main.mjs",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/cli/main.js",
  "dist/dashboard/page/index.html",
  "dist/dashboard/page/main.js",
  "dist/dashboard/page/style.css",
  "schema/config.schema.json",
];
const unwanted =
  /^(binding\.gyp$|test|build|runs|bench\/gpu|lib|node_modules|\.)|(^|\/)test\/|\.(node|so|o|tgz)$|\.test\./;

const example = `
import { Generator, architectures } from "sparring";

const generator = new Generator(architectures.mlp({ latent: { noise: 100 }, image: [1, 28, 28] }), { seed: 7 });
const samples = await generator.sample(4, { seed: 0 });
await samples.save("example.png");
console.log("made example.png");
`;
const typedExample = `
import { Generator, architectures } from "sparring";

const generator: Generator = new Generator(architectures.mlp({ latent: { noise: 100 }, image: [1, 28, 28] }), { seed: 7 });
// @ts-expect-error the number of samples is a number
void generator.sample("four");
`;

/** Runs a program to its end; a failure shows everything it printed and ends the test. */
function run(program, parameters, cwd) {
  const begin = performance.now();
  // What npm told this script about itself must not reach the npm of the empty project.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(command|lifecycle|package|execpath)/.test(name),
  );
  const env = { OMP_WAIT_POLICY: "passive", ...Object.fromEntries(inherited) };
  const { status, stdout, stderr, error } = spawnSync(program, parameters, {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  const title = `${program} ${parameters.join(" ")}`;
  if (status !== 0)
    throw new Error(`${title} failed:\n${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`);
  console.log(`ok ${title.slice(0, 90)}   ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  return stdout;
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

/** @returns {string} the tarball's path */
function pack(folder) {
  // An array of packages; since npm 12 an object of them.
  const [packed] = Object.values(
    JSON.parse(
      run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root),
    ),
  );
  const files = packed.files.map(({ path }) => path);
  const missing = expectedFiles.filter((file) => !files.includes(file));
  const extra = files.filter((file) => unwanted.test(file));
  expect(
    missing.length === 0,
    `Expected ${missing.join(", ")} in the packed package but received none`,
  );
  expect(
    extra.length === 0,
    `Expected no tests and no build products in the packed package but received ${extra.join(", ")}`,
  );
  console.log(`ok ${files.length} files, ${(packed.size / 1024).toFixed(0)} KiB packed`);
  return join(folder, packed.filename);
}

function install(tarball, project) {
  mkdirSync(project);
  writeFileSync(
    join(project, "package.json"),
    `${JSON.stringify({ name: "empty", private: true, type: "module" })}\n`,
  );
  run("npm", ["install", "--no-audit", "--no-fund", "--foreground-scripts", tarball], project);
  // npm 12 runs no install script unasked; where it ran, this has nothing to do.
  run("npx", ["--no-install", "sparring", "setup"], project);
  const built = join(project, "node_modules/sparring/build/Release/sparring.node");
  expect(existsSync(built), `Expected the native addon at ${built} but received none`);
}

function train(project) {
  const parameters = [
    "--preset",
    "mlp",
    "--steps",
    "20",
    "--sample-every",
    "10",
    "--seed",
    "1",
    "--out",
    "run",
  ];
  run("npx", ["--no-install", "sparring", "train", ...parameters], project);
  const pictures = readdirSync(join(project, "run/samples")).filter((name) =>
    name.endsWith(".png"),
  );
  expect(
    pictures.length >= 2,
    `Expected 2 pictures in run/samples but received ${pictures.length}`,
  );
  const lines = readFileSync(join(project, "run/stats.jsonl"), "utf8").trim().split("\n");
  expect(
    lines.every((line) => Number.isFinite(JSON.parse(line).step)),
    "Expected a step in each line of run/stats.jsonl",
  );
}

function useFromCode(project) {
  writeFileSync(join(project, "example.mjs"), example);
  run("node", ["example.mjs"], project);
  expect(
    existsSync(join(project, "example.png")),
    "Expected example.png from the example but received none",
  );
  writeFileSync(join(project, "example.mts"), typedExample);
  const strict = [
    "--strict",
    "--noEmit",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--types",
    "node",
  ];
  // The types of Node that the checkout has: an empty project brings its own.
  const roots = ["--typeRoots", join(root, "node_modules/@types")];
  run(
    "node",
    [join(root, "node_modules/typescript/bin/tsc"), ...strict, ...roots, "example.mts"],
    project,
  );
}

const folder = mkdtempSync(join(tmpdir(), "sparring-pack-"));
try {
  const project = join(folder, "project");
  install(pack(folder), project);
  train(project);
  useFromCode(project);
  console.log("The packed package installs, trains and type-checks in an empty project.");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
