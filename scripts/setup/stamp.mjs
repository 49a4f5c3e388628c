// build/Release/build.json: what was built, of what, for which libtorch. The TypeScript loader
// reads it too.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { headerVersion } from "./probe.mjs";

/**
 * @typedef {object} Stamp
 * @property {string} sparring the version of the package
 * @property {{ directory: string, version: string, cuda: string | null, label: string }} libtorch
 * @property {string} compiler
 * @property {{ native: string, tests: string | null, typescript: string | null }} inputs hashes of
 *   what the outputs were made of; null where they were not made
 */

export const addon = "build/Release/sparring.node";
export const coreTests = "build/Release/sparring_core_tests";
export const command = "dist/cli/main.js";
const stampFile = "build/Release/build.json";

/** @returns {Stamp | null} */
export function readStamp(root) {
  try {
    const stamp = JSON.parse(readFileSync(join(root, stampFile), "utf8"));
    return stamp.libtorch && stamp.inputs ? stamp : null;
  } catch {
    return null;
  }
}

/**
 * Written after the outputs and renamed into place, so it never speaks of something that is not
 * there.
 */
export function writeStamp(root, stamp) {
  const path = join(root, stampFile);
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(draft, path);
}

export function removeStamp(root) {
  rmSync(join(root, stampFile), { force: true });
}

/**
 * The hashes of the sources as they are now. Contents, not times: a fresh checkout of the same
 * files is not a change.
 */
export function hashInputs(root) {
  const shared = ["package.json", "package-lock.json"];
  const isTest = (path) => /^native\/(core|cuda)\/test\//.test(path);
  const native = filesUnder(root, ["native", "cmake", "CMakeLists.txt"]);
  const typescript = filesUnder(root, ["lib", "tsconfig.json", "tsconfig.build.json"]);
  return {
    native: hashFiles(root, [...native.filter((path) => !isTest(path)), ...shared]),
    tests: hashFiles(root, native.filter(isTest)),
    typescript: typescript.some((path) => path.startsWith("lib/"))
      ? hashFiles(root, [...typescript, ...shared])
      : null,
  };
}

/**
 * Whether the addon (and, if asked for, the test binary) is what the sources and this libtorch
 * make.
 */
export function nativeIsCurrent(root, stamp, inputs, { tests, environment = process.env }) {
  if (!stamp || stamp.inputs.native !== inputs.native || !existsSync(join(root, addon)))
    return false;
  // Not setting CXX means no wish, not a wish for another compiler.
  if (environment.CXX && environment.CXX !== stamp.compiler) return false;
  return !tests || (stamp.inputs.tests === inputs.tests && existsSync(join(root, coreTests)));
}

/** Whether dist/ is what lib/ makes; a packed package has no lib/. */
export function typescriptIsCurrent(root, stamp, inputs) {
  if (inputs.typescript === null) return true;
  return stamp?.inputs.typescript === inputs.typescript && existsSync(join(root, command));
}

/**
 * Whether the recorded libtorch is still there and still wanted.
 * @param {Stamp | null} stamp
 * @param {{ named: { directory: string } | null, cuda: boolean }} wish `named` is what LIBTORCH
 *   names
 */
export function libtorchIsCurrent(stamp, { named, cuda }) {
  if (!stamp) return false;
  const { directory, version, cuda: build } = stamp.libtorch;
  if (named && named.directory !== directory) return false;
  if (cuda && !build) return false;
  return existsSync(join(directory, "lib/libtorch_cpu.so")) && headerVersion(directory) === version;
}

function hashFiles(root, paths) {
  const hash = createHash("sha256");
  for (const path of paths.filter((name) => existsSync(join(root, name))).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

function filesUnder(root, names) {
  return names.flatMap((name) => {
    const path = join(root, name);
    if (!existsSync(path)) return [];
    if (!statSync(path).isDirectory()) return [name];
    const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return entries.map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)));
  });
}
