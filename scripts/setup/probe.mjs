// Looks at a folder and says which libtorch it holds, without loading any of it.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { cudaOfLabel } from "./versions.mjs";

// The numbers moved from the second file to the first between 2.11 and 2.14.
const versionHeaders = [
  "include/torch/headeronly/version.h",
  "include/torch/csrc/api/include/torch/version.h",
];
const required = ["include/ATen/ATen.h", "lib/libtorch_cpu.so", "lib/libc10.so"];

/**
 * @typedef {object} Libtorch
 * @property {string} directory the folder that holds include/ and lib/
 * @property {string} version three numbers, as its headers say: "2.13.0"
 * @property {string | null} cuda the CUDA it was built with, null for a CPU build
 * @property {string} label what to call it: "2.13.0 (cpu)"
 */

/**
 * The libtorch in a folder, or in the torch/ of a site-packages folder.
 * @param {string} folder
 * @returns {{ libtorch: Libtorch, problem?: undefined } | { libtorch?: undefined, problem: string
 *   }}
 */
export function probe(folder) {
  const directory = [folder, join(folder, "torch")].find((candidate) =>
    existsSync(join(candidate, "lib/libtorch_cpu.so")),
  );
  if (!directory) return { problem: whyNone(folder) };
  const missing = required.find((file) => !existsSync(join(directory, file)));
  if (missing) return { problem: `no ${missing} in it` };
  const version = headerVersion(directory);
  if (!version) return { problem: "no version in its headers" };
  if (!readFileSync(join(directory, "lib/libc10.so")).includes("__cxx11")) {
    return { problem: "a build with the pre-C++11 ABI" };
  }
  const cuda = cudaVersion(directory);
  const label = `${version} (${cuda ? `CUDA ${cuda}` : "cpu"})`;
  return { libtorch: { directory: realpathSync(directory), version, cuda, label } };
}

/** existsSync() is false of what is there and closed, too. */
function whyNone(folder) {
  try {
    readdirSync(folder);
    return "no lib/libtorch_cpu.so in it";
  } catch ({ code }) {
    return code === "EACCES" ? "it cannot be read by this user" : "no such folder";
  }
}

/**
 * The three numbers in the headers of a libtorch; null where there are none. Cheap: it runs at
 * every set-up.
 */
export function headerVersion(directory) {
  for (const header of versionHeaders) {
    const path = join(directory, header);
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const numbers = ["MAJOR", "MINOR", "PATCH"].map(
      (part) => new RegExp(`#define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
    );
    if (numbers.every((number) => number !== undefined)) return numbers.join(".");
  }
  return null;
}

/**
 * A wheel says its CUDA in version.py, PyTorch's zip in build-version; any other CUDA build is of
 * an unknown one.
 */
function cudaVersion(directory) {
  if (!existsSync(join(directory, "lib/libtorch_cuda.so"))) return null;
  const wheel = join(directory, "version.py");
  const zip = join(directory, "build-version");
  const written = existsSync(wheel)
    ? /^cuda\b[^=]*= '([\d.]+)'/m.exec(readFileSync(wheel, "utf8"))?.[1]
    : undefined;
  const labelled = existsSync(zip) ? cudaOfLabel(readFileSync(zip, "utf8")) : undefined;
  return written ?? labelled ?? "of unknown version";
}
