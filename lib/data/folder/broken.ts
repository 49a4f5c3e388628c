// Files that are no images: what is said of them, and when that is the end.
import { show } from "../../errors.js";
import { refusal } from "../../reason.js";
import type { ClassLabels } from "../class-labels.js";
import type { BrokenFile } from "../dataset.js";
import type { Listing } from "./list.js";

/** Most files that a sentence names. */
const mostNamed = 10;

/** `"a.png" (it is empty), "b.jpg" (permission denied) and 3 more` */
export function listBroken(broken: readonly BrokenFile[]): string {
  const named = broken.slice(0, mostNamed).map(({ path, reason }) => `${show(path)} (${reason})`);
  const more = broken.length > mostNamed ? ` and ${broken.length - mostNamed} more` : "";
  return `${named.join(", ")}${more}`;
}

/**
 * Broken files may be there only if they may stay out, and leave images of every class. Throws
 * ERR_DATA.
 */
export function checkBroken(
  { root, classNames }: Listing,
  labels: ClassLabels,
  broken: readonly BrokenFile[],
  onBroken: "refuse" | "skip",
): void {
  if (broken.length === 0) return;
  const refuse = refusal("ERR_DATA", "a folder of images", root);
  const list = listBroken(broken);
  const cure = 'onBroken: "skip" leaves them out';
  if (onBroken === "refuse")
    throw refuse(`${broken.length} of its files are broken: ${list}; ${cure}`, broken);
  const empty = classNames?.find((_, label) => !labels.includes(label));
  const where = empty === undefined ? "" : ` of the class ${show(empty)}`;
  if (labels.length === 0 || empty !== undefined)
    throw refuse(`all its images${where} are broken: ${list}`, broken);
}
