// Downloads the wheels of a libtorch and unpacks them into the cache folder.
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { incomingFolder, moveIntoPlace } from "./cache.mjs";
import { run } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { probe } from "./probe.mjs";
import { downloadWheels } from "./python.mjs";
import { cudaAlternative, cudaFlavour, inRange, pinned, range } from "./versions.mjs";

const index = "https://download.pytorch.org/whl";
const unpacker = fileURLToPath(new URL("unpack_wheels.py", import.meta.url));
// Wheels and unpacked files, which lie side by side for a moment.
const gigabytes = { cpu: 1, cudaPackages: 5 };

/**
 * The requirements to try, in this order. `===` refuses a CPU build of the same version; the CUDA
 * builds of the public index carry no label.
 */
export function downloadPlans({ cuda }) {
  if (!cuda) {
    return [
      { requirement: `torch==${pinned}+cpu`, index: `${index}/cpu` },
      { requirement: `torch==${pinned}`, index: `${index}/cpu` },
      // Five times the download, but a CUDA build works on the CPU too.
      { requirement: `torch==${cudaAlternative}` },
    ];
  }
  return [
    { requirement: `torch==${pinned}+${cudaFlavour}`, index: `${index}/${cudaFlavour}` },
    { requirement: `torch===${pinned}` },
    { requirement: `torch===${cudaAlternative}` },
  ];
}

/**
 * Fetches one libtorch into the cache. Whatever interrupts it, the cache holds all of it or
 * nothing.
 * @param {string} folder the libtorch/ folder of the cache
 * @param {{ requirement: string, index?: string }} plan
 * @param {{ cuda: boolean, verbose?: boolean, detail?: (text: string) => void }} options
 * @returns {Promise<{ libtorch: import("./probe.mjs").Libtorch, problem?: undefined } | { problem:
 *   string }>}
 */
export async function downloadLibtorch(folder, plan, options) {
  mkdirSync(folder, { recursive: true });
  const problem = roomProblem(folder, gigabytes.cpu + (options.cuda ? gigabytes.cudaPackages : 0));
  if (problem) return { problem };
  const incoming = incomingFolder(folder);
  try {
    return await fill(incoming, folder, plan, options);
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}

async function fill(incoming, folder, plan, options) {
  const torch = await fetchAndUnpack(incoming, [plan.requirement], plan.index, options);
  if (torch) return { problem: torch };
  const unpacked = join(incoming, "unpacked");
  const { libtorch, problem } = probe(join(unpacked, "torch"));
  if (!libtorch) return { problem: `the wheel is no libtorch: ${problem}` };
  if (!inRange(libtorch.version))
    return { problem: `the wheel is ${libtorch.version}, not ${range}` };
  if (options.cuda && !libtorch.cuda) return { problem: "only a CPU build is there" };
  if (libtorch.cuda) {
    const full = roomProblem(folder, gigabytes.cudaPackages);
    if (full) return { problem: full };
    const requirements = cudaRequirements(metadata(unpacked), options.cuda && libtorch.cuda);
    const cuda = await fetchAndUnpack(incoming, requirements, plan.index, {
      ...options,
      dependencies: true,
    });
    if (cuda) return { problem: cuda };
  }
  const flavour = libtorch.cuda ? `cu${libtorch.cuda.replace(".", "")}` : "cpu";
  const target = join(folder, `${libtorch.version}+${flavour}`);
  moveIntoPlace(unpacked, target);
  return probe(target);
}

/** Downloads, then unpacks beside what is there. Returns why it failed, or null. */
async function fetchAndUnpack(
  incoming,
  requirements,
  extraIndex,
  { dependencies, verbose, detail = () => {} },
) {
  const wheels = join(incoming, "wheels");
  const watch = setInterval(() => detail(`${(folderSize(wheels) / 1e6).toFixed(0)} MB`), 500);
  const problem = await downloadWheels(requirements, {
    folder: wheels,
    index: extraIndex,
    dependencies,
    verbose,
  });
  clearInterval(watch);
  if (problem) return problem;
  detail("unpacking");
  const files = readdirSync(wheels)
    .filter((name) => name.endsWith(".whl"))
    .map((name) => join(wheels, name));
  const { code, output } = await run("python3", [unpacker, join(incoming, "unpacked"), ...files], {
    verbose,
  });
  return code === 0 ? null : `unpacking failed: ${output.trim().split("\n").at(-1)}`;
}

function metadata(unpacked) {
  const name = readdirSync(unpacked).find((entry) => /^torch-.*\.dist-info$/.test(entry));
  if (!name)
    throw new SetupError("Expected a dist-info folder for the torch wheel but received none");
  return readFileSync(join(unpacked, name, "METADATA"), "utf8");
}

/**
 * The CUDA packages that a torch wheel needs, from its METADATA.
 * @param {string} text
 * @param {string | false | null} compileFor the CUDA version to add the headers of, which PyTorch
 *   itself does not need
 */
export function cudaRequirements(text, compileFor) {
  const needed = [...text.matchAll(/^Requires-Dist: ((?:nvidia-|cuda-toolkit)[^;\n]*)(;.*)?$/gm)]
    .filter(([, , marker = ""]) => !/\bextra\b/.test(marker))
    .map(([, requirement]) => requirement.trim());
  const [major, minor] = (compileFor || "0.0").split(".").map(Number);
  // CUDA 13 moved crt/ and nv/ out of the runtime's package.
  const headers = major >= 13 ? ["nvidia-cuda-crt", "nvidia-cuda-cccl"] : [];
  return [...needed, ...headers.map((name) => `${name}==${major}.${minor}.*`)];
}

function roomProblem(folder, needed) {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  return free < needed ? `${folder} has ${free.toFixed(1)} GB free, ${needed} GB are needed` : null;
}

function folderSize(folder) {
  try {
    const sizes = readdirSync(folder, { recursive: true }).map(
      (name) => statSync(join(folder, name)).size,
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    // pip moves finished files while they are counted: the next count will do.
    return 0;
  }
}
