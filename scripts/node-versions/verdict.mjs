// Which versions of Node are tried, and what is wrong with what came of one.

/** Lines of Node that are maintained: the newest of each is tried. */
const lines = ["22", "24", "26"];

/**
 * The oldest one that package.json allows, and the lines.
 *
 * @param {string} engines as in `>=20.17`
 */
export function versionsOf(engines) {
  const [, major, minor = "0", patch = "0"] =
    /^>=(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(engines) ?? [];
  if (major === undefined)
    throw new Error(`Expected >= and a version for engines.node but received "${engines}"`);
  return [[major, minor, patch].join("."), ...lines];
}

/**
 * The flags of Node that let a program do no more than train and write.
 *
 * @param {{ read: string[], write: string[] }} paths
 */
export function permissionsFor({ read, write }) {
  return [
    "--permission",
    "--allow-addons",
    // It says of itself that addons are not bound by it.
    "--disable-warning=SecurityWarning",
    ...read.map((path) => `--allow-fs-read=${path}`),
    ...write.map((path) => `--allow-fs-write=${path}`),
  ];
}

/**
 * A sentence, or undefined where all is well.
 *
 * @typedef {{ node: string, bits: string }} Trained `bits` is a digest of all that it trained
 * @param {string} asked a version, or the line of one
 * @param {Trained} found under it
 * @param {Trained} [first] under the oldest
 */
export function problemWith(asked, found, first = found) {
  // An npm that ran the Node of this machine would compare that with itself.
  if (found.node !== asked && !found.node.startsWith(`${asked}.`))
    return `Expected Node ${asked} but received ${found.node}`;
  if (found.bits !== first.bits)
    return `Expected the bits of Node ${first.node}, ${first.bits}, for Node ${found.node} but received ${found.bits}`;
  return undefined;
}
