// The one place that says which libtorch Sparring builds against.

/**
 * Downloaded where no usable libtorch is found: the newest release that has wheels of both
 * flavours.
 */
export const pinned = "2.13.0";
/** A CUDA build for indexes that no longer, or do not yet, carry the pinned release's. */
export const cudaAlternative = "2.14.1";
/** The CUDA that PyTorch's own index is asked for; the driver must be at least as new. */
export const cudaFlavour = "cu130";

export const oldest = [2, 11];
export const newest = [2, 14];
export const range = `${oldest.join(".")} to ${newest.join(".")}`;

/**
 * The numbers of a version: "2.13.0+cpu" → [2, 13, 0]. What follows them (a1, rc2, +cu130) is
 * ignored.
 * @param {string} text
 * @returns {number[] | null} null where the text does not start with a version
 */
export function parseVersion(text) {
  const match = /^\s*v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match && [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/** Negative, zero or positive, as Array.prototype.sort wants it. Missing numbers count as 0. */
export function compareVersions(left, right) {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether a libtorch version is one that Sparring supports; every patch release of an end counts.
 */
export function inRange(text) {
  const version = parseVersion(text);
  if (!version) return false;
  const release = version.slice(0, 2);
  return compareVersions(release, oldest) >= 0 && compareVersions(release, newest) <= 0;
}

/**
 * The CUDA version behind a wheel's local label: "2.13.0+cu130" → "13.0", "+cpu" or none → null.
 */
export function cudaOfLabel(text) {
  const match = /\+cu(\d+)(\d)(?![\d])/.exec(text);
  return match && `${match[1]}.${match[2]}`;
}
