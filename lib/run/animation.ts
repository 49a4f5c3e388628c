// Samples as frames that move.
import { extname } from "node:path";
import { writeWhole } from "../files.js";
import type { Images } from "../images.js";
import { draw } from "../sharp.js";

/** Milliseconds of a frame. */
const frameTime = 50;

/** The encoder of each file extension. */
const encoders = { ".webp": "webp", ".gif": "gif" } as const;

export const animated = Object.keys(encoders);

/** How many frames there are in all where so many, two at least, lead there. */
export const thereAndBack = (frames: number) => 2 * frames - 2;

/** Pixels that the side of a picture of each format has at most. */
const longest = { webp: 16_383, gif: 65_535 } as const;

/** How many images of a width can be side by side in an animation at a path. */
export function mostAcross(path: string, width: number): number {
  return Math.floor(longest[encoderOf(path)] / width);
}

const encoderOf = (path: string) => encoders[extname(path).toLowerCase() as keyof typeof encoders];

/**
 * Writes an animation that goes there and back without end, as WebP without loss or as GIF. Throws
 * ERR_OUTPUT.
 *
 * @param images frame by frame, `across` side by side in each; grey and colour are stretched over
 *   all of them alike
 * @param path ends in one of `animated`
 */
export async function saveAnimation(images: Images, across: number, path: string): Promise<void> {
  const { data, width } = await images.render({ columns: across, padding: 0 });
  const pageHeight = images.shape[2] as number;
  const size = 3 * width * pageHeight;
  const there = Array.from({ length: images.count / across }, (_, i) =>
    data.subarray(i * size, (i + 1) * size),
  );
  const frames = [...there, ...there.slice(1, -1).reverse()];
  const height = frames.length * pageHeight;
  const raw = { width, height, channels: 3, pageHeight } as const;
  const format = encoderOf(path);
  const delay = frames.map(() => frameTime);
  const how = { lossless: true, loop: 0, delay };
  const picture = await draw((sharp) =>
    sharp(Buffer.concat(frames), { raw }).toFormat(format, how).toBuffer(),
  );
  await writeWhole(path, [picture]);
}
