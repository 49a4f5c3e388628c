// The user's cache folder. A version's folder is either complete or not there: it is filled under
// another name first.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import { expected } from "./errors.mjs";
import { probe } from "./probe.mjs";
import { compareVersions, inRange, parseVersion, pinned } from "./versions.mjs";

const day = 24 * 60 * 60 * 1000;

/**
 * `$XDG_CACHE_HOME/sparring`, by default `~/.cache/sparring`; lib/data/folder/cache.ts has the same
 * for what runs without these scripts.
 * @throws {import("./errors.mjs").SetupError} for a user who has no such folder
 */
export function cacheFolder(environment = process.env, home = homedir) {
  const { XDG_CACHE_HOME: chosen } = environment;
  // The specification says that a relative path is to be ignored.
  if (chosen?.startsWith("/")) return join(chosen, "sparring");
  try {
    // An empty HOME would mean the working directory, another one each time.
    const named = home();
    return join(named.startsWith("/") ? named : userInfo().homedir, ".cache", "sparring");
  } catch {
    // A container's user may have neither a HOME nor an entry in /etc/passwd.
    throw expected("a home folder, or XDG_CACHE_HOME,", "the cache", "none");
  }
}

/**
 * The best libtorch that an earlier set-up left: the pinned version before others, then the newest.
 * A CUDA build works on the CPU too, so without `cuda` it comes last instead of not at all.
 * @param {string} folder the libtorch/ folder of the cache
 */
export function cachedLibtorch(folder, { cuda }) {
  const found = list(folder)
    .filter((name) => !name.startsWith("."))
    .map((name) => probe(join(folder, name)).libtorch)
    .filter((libtorch) => libtorch && inRange(libtorch.version) && (libtorch.cuda || !cuda));
  const rank = ({ version, cuda: build }) => [
    build && !cuda ? 0 : 1,
    version === pinned ? 1 : 0,
    ...parseVersion(version),
  ];
  return found.sort((left, right) => compareVersions(rank(right), rank(left)))[0];
}

/**
 * A new folder beside the complete ones, named after this process so that a later one can tell it
 * was left behind.
 */
export function incomingFolder(folder) {
  removeLeftovers(folder);
  const incoming = join(folder, `.incoming-${process.pid}@${hostname()}`);
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(join(incoming, "wheels"), { recursive: true });
  mkdirSync(join(incoming, "unpacked"));
  return incoming;
}

/**
 * Gives an unpacked folder its final name. Where another process was faster, its folder stays and
 * ours goes.
 */
export function moveIntoPlace(unpacked, target) {
  try {
    renameSync(unpacked, target);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    if (probe(target).libtorch) return;
    // Not a libtorch: nothing that Sparring wrote, or damaged by hand since.
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
  }
}

/**
 * Removes what interrupted set-ups left: those of this machine whose process is gone, and any that
 * is a day old.
 */
export function removeLeftovers(folder) {
  for (const name of list(folder)) {
    const owner = /^\.incoming-(\d+)@(.*)$/.exec(name);
    if (!owner) continue;
    const path = join(folder, name);
    const dead = owner[2] === hostname() && !isRunning(Number(owner[1]));
    if (dead || Date.now() - statSync(path).mtimeMs > day)
      rmSync(path, { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
