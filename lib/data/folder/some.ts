// A look at some files of a folder, for who wants to know what is in it: decoding them all may take
// hours, and more memory than there is.
import type { ImageForm } from "./decode.js";
import type { Listing, SourceFile } from "./list.js";
import { type Decoded, type PackControl, type Packed, packImages } from "./pack.js";

/** Files that are enough to see whether they are images at all. */
const enough = 64;

/**
 * Decodes some files, spread over the list. The images are theirs; the labels are of all files that
 * are not known to be broken. Undefined where all files have to be decoded: there are no more, or
 * none of these is an image.
 *
 * @param onNote called with a sentence about what was not seen
 */
export async function packSome(
  { root, files }: Listing,
  form: ImageForm,
  control: PackControl,
  onNote: (sentence: string) => void,
): Promise<(Packed & Pick<Decoded, "unread">) | undefined> {
  const promising = files.filter(({ problem }) => problem === undefined);
  if (promising.length <= enough) return undefined;
  const apart = promising.length / enough;
  const some = Array.from(
    { length: enough },
    (_, i) => promising[Math.floor(i * apart)] as SourceFile,
  );
  const { images, skipped } = await packImages({ root, files: some }, form, control);
  if (skipped.length === enough) return undefined;
  onNote(`Looked at ${enough} of ${files.length} files: a run leaves out what else is broken`);
  const reasons = new Map(skipped.map(({ path, reason }) => [path, reason]));
  const broken = files.flatMap(({ path, problem = reasons.get(path) }) =>
    problem === undefined ? [] : [{ path, reason: problem }],
  );
  const whole = promising.filter(({ path }) => !reasons.has(path));
  const labels = Uint8Array.from(whole, ({ label }) => label);
  return { images, labels, skipped: broken, unread: true };
}
