// What keeps a native library from being loaded, and what mends it.
import { closeSync, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { grouped } from "./count.js";
import { systemText } from "./system-text.js";

/**
 * npx looks in node_modules. Yarn's Plug'n'Play has none, and npx would go on to the registry.
 */
const runner = process.versions.pnp === undefined ? "npx" : "yarn";
/** What mends an addon, as a part of a sentence. */
export const rebuild = `run \`${runner} sparring setup\``;
/**
 * What mends an addon that the set-up takes for whole: it was damaged, or was built on another
 * machine.
 */
export const again = `run \`${runner} sparring setup --force\``;

/** What could not be loaded, and where. */
interface CureOptions {
  /** @default "libtorch" */
  readonly library?: string | undefined;
  /** What mends a library that is not whole. @default `again` */
  readonly otherwise?: string | undefined;
  /** The root of the file system. @default "/" */
  readonly root?: string | undefined;
}

/**
 * What mends an addon that Node refused, or could not load.
 *
 * @param folders of the libraries that were to be loaded
 */
export function cureOf(
  cause: unknown,
  folders: readonly string[],
  { library = "libtorch", otherwise = again, root = "/" }: CureOptions = {},
): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ERR_DLOPEN_DISABLED")
    return "start Node without --no-addons, or with --allow-addons under --permission";
  if (message.includes("cannot map zero-fill pages"))
    return `this process may have too little memory for ${library}: raise that limit (ulimit -d, ulimit -v)`;
  if (message.includes("failed to map segment")) return cureOfMapping(folders, library, root);
  return otherwise;
}

/**
 * Whether a library lacks its end, as a copy does that ran into a full disk. The loader maps what
 * is not there, and its first look at that ends the process with SIGBUS. What tells is the place of
 * the section headers, which the linker writes last.
 */
export function isCutShort(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(64);
    const isElf = readSync(file, header) === header.length && header.readUInt32BE() === 0x7f454c46;
    const end =
      header.readBigUInt64LE(40) + BigInt(header.readUInt16LE(58) * header.readUInt16LE(60));
    return isElf && fstatSync(file).size < end;
  } finally {
    closeSync(file);
  }
}

/** The loader says the same of two things that no set-up mends, and not which it was. */
function cureOfMapping(folders: readonly string[], library: string, root: string): string {
  const closed = folders.find((folder) => isNoexec(folder, root));
  const elsewhere = "mount it without that, or set Sparring up in another place";
  if (closed !== undefined) return `${closed} is mounted noexec: ${elsewhere}`;
  const bytes = addressSpace(root);
  const raise = `which ${library} needs more of: raise that limit`;
  if (bytes !== Infinity)
    return `this process has ${grouped(bytes)} bytes of address space (ulimit -v), ${raise}`;
  return `a folder of ${folders.join(" and ")} does not let programs be run from it (noexec), or there is too little memory`;
}

/** Whether the file system that a folder is on runs no programs. */
function isNoexec(folder: string, root: string): boolean {
  const path = realPath(folder);
  const mounts = systemText(join(root, "proc/self/mounts"))
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, point]) => point !== undefined && isWithin(path, unescaped(point)));
  // The longest path is the innermost mount; of two at one place the last is on top.
  const innermost = mounts.toSorted(([, a = ""], [, b = ""]) => a.length - b.length).at(-1);
  return innermost?.[3]?.split(",").includes("noexec") === true;
}

function isWithin(path: string, point: string): boolean {
  return point === "/" || path === point || path.startsWith(`${point}/`);
}

/** The kernel writes spaces of a path as `\040`. */
function unescaped(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Bytes that the process may map. */
function addressSpace(root: string): number {
  const soft = /^Max address space +(\d+)/m.exec(systemText(join(root, "proc/self/limits")))?.[1];
  return soft === undefined ? Infinity : Number(soft);
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
