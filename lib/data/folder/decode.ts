// One file of an image as bytes for a network: turned upright, on white, cropped, resized, in grey or colour.
import type { Metadata, Sharp, SharpOptions } from "sharp";
import { channelsFirst } from "../levels.js";
import { isPlainSquare } from "./plain.js";

/** What all images of a dataset become. */
export interface ImageForm {
  /** Side in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** `center`: the largest square in the middle; `none`: all of it, squeezed into a square. */
  readonly crop: "center" | "none";
}

/** Why a file gives no image, as a sentence without its name. */
export class BrokenImage extends Error {}

/** 10,000 × 10,000: what a small file may unpack to. */
const pixelLimit = 100_000_000;
/** What shines through where an image is transparent. */
const background = "#ffffff";
/** Pillow's weights of red, green and blue (ITU-R BT.601), which make its mode L. */
const luma: [number, number, number] = [0.299, 0.587, 0.114];

const input: SharpOptions = { failOn: "error", limitInputPixels: pixelLimit };

/** Loaded when first needed: it costs a tenth of a second, and other data do not need it. */
let library: Promise<typeof import("sharp")> | undefined;

/** Bytes of [channels, size, size]. Throws BrokenImage. */
export async function decodeImage(file: Buffer, form: ImageForm): Promise<Uint8Array> {
  if (!isKnown(file)) throw new BrokenImage("it is not a PNG, JPEG or WebP");
  library ??= import("sharp");
  const { default: sharp } = await library;
  try {
    const open = (autoOrient = false) => sharp(file, { ...input, autoOrient });
    const image = isPlainSquare(file, form.size)
      ? open()
      : shaped(open, await open().metadata(), form);
    const pixels = await coloured(image, form).raw({ depth: "uchar" }).toBuffer();
    if (pixels.length !== form.channels * form.size ** 2)
      throw new BrokenImage("its header says another size than it has");
    if (form.channels === 1) return pixels;
    const planes = new Uint8Array(pixels.length);
    channelsFirst(pixels, planes, form.size ** 2, form.channels);
    return planes;
  } catch (cause) {
    if (cause instanceof BrokenImage) throw cause;
    throw new BrokenImage(explain((cause as Error).message), { cause });
  }
}

/** By the first bytes, not by the name: libvips reads much more, and not all of it should meet a stranger's file. */
function isKnown(file: Buffer): boolean {
  const begins = (text: string, at = 0) => file.toString("latin1", at, at + text.length) === text;
  return begins("\x89PNG\r\n") || begins("\xff\xd8\xff") || (begins("RIFF") && begins("WEBP", 8));
}

function shaped(
  open: (autoOrient: boolean) => Sharp,
  { orientation = 1, autoOrient: { width, height } }: Metadata,
  { size, crop }: ImageForm,
): Sharp {
  const image = open(orientation > 1);
  const side = Math.min(width, height);
  const resize = { kernel: "linear", fastShrinkOnLoad: false } as const;
  if (crop === "none" || width === height)
    return width === size && height === size
      ? image
      : image.resize(size, size, { ...resize, fit: "fill" });
  // Cropped first: resized as a whole, the side that is cut would be rounded, and the image stretched.
  const square = image.extract({
    ...{ left: margin(width, side), top: margin(height, side) },
    ...{ width: side, height: side },
  });
  return side === size ? square : square.resize(size, size, { ...resize, fit: "fill" });
}

/** Pixels before the middle ones, a half rounded to even: torchvision's CenterCrop. */
function margin(whole: number, middle: number): number {
  const half = (whole - middle) / 2;
  return half % 2 === 1.5 ? Math.ceil(half) : Math.floor(half);
}

function coloured(image: Sharp, { channels }: ImageForm): Sharp {
  const colour = image.flatten({ background }).toColourspace("srgb");
  if (channels === 3) return colour;
  // Half a level more, since libvips cuts off where Pillow rounds.
  return colour.recomb([luma, luma, luma]).linear(1, 0.5).extractChannel(0);
}

function explain(message: string): string {
  if (message.includes("pixel limit"))
    return `it has more than ${pixelLimit.toLocaleString("en-US")} pixels`;
  return `it cannot be decoded: ${(message.split("\n")[0] as string).trim()}`;
}
