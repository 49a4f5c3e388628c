// Pictures as another program sees them, and how far ours are from that.
import { expect } from "vitest";
import type { FolderOptions } from "../../lib/datasets.js";
import { datasets } from "../../lib/index.js";
import { writeTree } from "./image-folder.js";
import { fromHex, levelsOf } from "./levels.js";

/** A file, and what Pillow or torchvision makes of it. */
export interface Judged {
  readonly name: string;
  readonly file: string;
  readonly size: [number, number];
  readonly colour: string;
  readonly grey: string;
}

/** The differences between grey levels of ours, channels first, and of Pillow's, channels last. */
export async function differences(root: string, judged: Judged, options: FolderOptions) {
  await writeTree(root, { [judged.name]: fromHex(judged.file) });
  using dataset = await datasets.folder(root, { cache: false, ...options });
  const ours = await levelsOf(dataset);
  const channels = dataset.image[0] as number;
  const theirs = fromHex(channels === 1 ? judged.grey : judged.colour);
  expect([judged.name, ours.length]).toEqual([judged.name, theirs.length]);
  const pixels = ours.length / channels;
  const each = Array.from(theirs, (level, i) => {
    const place = (i % channels) * pixels + Math.floor(i / channels);
    return Math.abs(level - (ours[place] as number));
  });
  return { worst: Math.max(...each), mean: each.reduce((a, b) => a + b) / each.length };
}
