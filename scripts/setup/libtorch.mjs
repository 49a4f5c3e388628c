// Finds libtorch. The order is a promise of the README: LIBTORCH, python3's torch, the cache, a
// download.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { cachedLibtorch, cacheFolder } from "./cache.mjs";
import { downloadLibtorch, downloadPlans } from "./download.mjs";
import { expected, SetupError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { probe } from "./probe.mjs";
import { importableTorch, pipProblem } from "./python.mjs";
import { failureScreen } from "./screen.mjs";
import { inRange, range } from "./versions.mjs";
import { writeProblem } from "./writable.mjs";

/** @typedef {import("./probe.mjs").Libtorch} Libtorch */

/**
 * @param {{ environment?: NodeJS.ProcessEnv, cuda: boolean, verbose?: boolean, report: object,
 *   search?: object }} options `cuda` is the flag; an NVIDIA driver asks for a CUDA build too, but
 *   makes do with a CPU one
 * @returns {Promise<Libtorch>}
 */
export async function findLibtorch({
  environment = process.env,
  cuda,
  verbose,
  report,
  search = standardSearch,
}) {
  const named = namedLibtorch(environment, { cuda });
  if (named)
    return report
      .step(`libtorch ${named.label} from LIBTORCH`, async () => named)
      .then(() => named);
  const folder = join(cacheFolder(environment), "libtorch");
  const attempts = [{ way: "LIBTORCH", problem: "not set" }];
  const wishes = cuda || !search.hasDriver() ? [{ cuda }] : [{ cuda: true }, { cuda: false }];
  for (const wish of wishes) {
    const found = await lookFor({ ...wish, folder, verbose, report, search, attempts });
    if (found) return found;
    if (wish !== wishes.at(-1))
      report.note("no CUDA build of libtorch could be had; taking a CPU build");
  }
  throw new SetupError(failureScreen(attempts, { cuda }));
}

/** What findLibtorch asks about the world around it; tests ask about another one. */
const standardSearch = {
  importableTorch,
  pipProblem,
  downloadLibtorch,
  hasDriver: hasNvidiaDriver,
};

/**
 * The libtorch that LIBTORCH names, null where it is not set. A wrong one is an error: whoever set
 * it wants that one.
 * @returns {Libtorch | null}
 */
export function namedLibtorch(environment, { cuda }) {
  if (!environment.LIBTORCH) return null;
  // npm runs scripts in the package's folder; a relative path means the one the user was in.
  const folder = resolve(environment.INIT_CWD ?? ".", environment.LIBTORCH);
  const { libtorch, problem } = probe(folder);
  if (!libtorch)
    throw expected(
      "a folder with the include/ and lib/ of libtorch",
      "LIBTORCH",
      `${folder} (${problem})`,
    );
  if (!inRange(libtorch.version))
    throw expected(`libtorch ${range}`, "LIBTORCH", `${libtorch.version} in ${folder}`);
  if (cuda && !libtorch.cuda)
    throw expected("a CUDA build of libtorch", "LIBTORCH", `${libtorch.label} in ${folder}`);
  return libtorch;
}

async function lookFor(quest) {
  return (await fromPython(quest)) ?? (await fromCache(quest)) ?? (await fromDownload(quest));
}

async function fromPython({ cuda, report, search, attempts }) {
  const fail = (problem, tell = true) => {
    attempts.push({ way: "the torch of python3", problem });
    if (tell) report.note(`not the torch of python3: ${problem}`);
    return null;
  };
  const { folder, problem: absent } = await search.importableTorch();
  if (!folder) return fail(absent, false);
  const { libtorch, problem } = probe(folder);
  if (!libtorch) return fail(`${folder} is no libtorch: ${problem}`);
  if (!inRange(libtorch.version)) return fail(`it is ${libtorch.version}, Sparring needs ${range}`);
  if (cuda && !libtorch.cuda) return fail("it is a CPU build");
  return report
    .step(`libtorch ${libtorch.label} from python3`, async () => {})
    .then(() => libtorch);
}

async function fromCache({ cuda, folder, report, attempts }) {
  const libtorch = cachedLibtorch(folder, { cuda });
  if (libtorch)
    return report
      .step(`libtorch ${libtorch.label} from the cache`, async () => {})
      .then(() => libtorch);
  attempts.push({
    way: `the cache ${folder}`,
    problem: `no ${cuda ? "CUDA " : ""}build of ${range} in it`,
  });
  return null;
}

async function fromDownload(quest) {
  const { folder, report, search, attempts } = quest;
  const problem = await search.pipProblem();
  if (problem) {
    attempts.push({ way: "a download by pip", problem });
    return null;
  }
  const closed = writeProblem(folder);
  if (closed !== null) {
    const problem = `${folder} cannot be written (${closed}); set XDG_CACHE_HOME to a folder that can be`;
    attempts.push({ way: "a download by pip", problem });
    return null;
  }
  const wait = () => report.note("waiting for another set-up that downloads libtorch");
  return withLock(folder, () => downloadFirst(quest), wait);
}

async function downloadFirst({ cuda, folder, verbose, report, search, attempts }) {
  // Another set-up may have brought it while this one waited.
  const brought = cachedLibtorch(folder, { cuda });
  if (brought) return brought;
  for (const plan of downloadPlans({ cuda })) {
    let found;
    await report
      .step(`libtorch: downloading ${plan.requirement}`, async (detail) => {
        const { libtorch, problem } = await search.downloadLibtorch(folder, plan, {
          cuda,
          verbose,
          detail,
        });
        if (!libtorch) throw new SetupError(problem);
        found = libtorch;
        return `libtorch ${libtorch.label} downloaded`;
      })
      .catch((error) => {
        // System errors (no room, no permission) are reasons too; anything else is a bug and has to
        // show.
        if (!(error instanceof SetupError) && !error.code) throw error;
        attempts.push({ way: `pip download ${plan.requirement}`, problem: error.message });
      });
    if (found) return found;
  }
  return null;
}

// What native/core/runtime/cuda.h looks for: the driver's version; the device that all its users
// open, where a sandbox (gVisor) shows no version; and that of Windows's subsystem for Linux.
export const driverFiles = ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"];

/** A driver without its libraries still counts: `sparring doctor` says what is missing. */
export function hasNvidiaDriver({ path = process.env.PATH ?? "", files = driverFiles } = {}) {
  const onPath = path.split(":").some((folder) => existsSync(join(folder, "nvidia-smi")));
  return onPath || files.some((file) => existsSync(file));
}
