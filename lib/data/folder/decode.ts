// One file of an image as bytes for a network: turned upright, on white, cropped, resized, in grey
// or colour.
import type { Sharp, SharpOptions } from "sharp";
import { addon, direct } from "../../addon.js";
import { lackOf, loadSharp } from "../../sharp.js";
import { product } from "../../shape.js";
import { type ImageSize, sidesOf } from "../size.js";
import { type Plain, readPlain } from "./plain.js";
import { decodeSmallJpeg, smallSide } from "./small-jpeg.js";

/** What all images of a dataset become. */
export interface ImageForm {
  readonly size: ImageSize;
  readonly channels: 1 | 3;
  /** `center`: the largest part in the middle that has the shape; `none`: all of it, squeezed. */
  readonly crop: "center" | "none";
}

/** Shape of an image: [channels, height, width]. */
export const imageShape = ({ channels, size }: ImageForm) => {
  // All have names, or none: before 5.2 TypeScript reads no declaration of some with and some without.
  const shape: readonly [channels: 1 | 3, height: number, width: number] = [
    channels,
    ...sidesOf(size),
  ];
  return shape;
};

/** Bytes of an image. */
export const imageBytes = (form: ImageForm) => product(imageShape(form));

/** Why a file gives no image, as a sentence without its name. */
export class BrokenImage extends Error {}

/** 10,000 × 10,000: what a small file may unpack to. */
const pixelLimit = 100_000_000;
/** What shines through where an image is transparent. */
const background = "#ffffff";
/** Pillow's weights of red, green and blue (ITU-R BT.601), which make its mode L. */
const luma: [number, number, number] = [0.299, 0.587, 0.114];

const input: SharpOptions = { failOn: "error", limitInputPixels: pixelLimit };

/** @internal Bytes of [channels, height, width]. Throws BrokenImage. */
export async function decodeImage(file: Buffer, form: ImageForm): Promise<Uint8Array> {
  if (!isKnown(file)) throw new BrokenImage("it is not a PNG, JPEG or WebP");
  const plain = readPlain(file);
  return (await decodeSmall(file, plain, form)) ?? decodeAny(file, plain, form);
}

/** Undefined for whatever is not a small JPEG of the right size and colours. */
async function decodeSmall(
  file: Buffer,
  plain: Plain | undefined,
  form: ImageForm,
): Promise<Uint8Array | undefined> {
  const [channels, height, width] = imageShape(form);
  if (plain?.width !== width || plain.height !== height) return undefined;
  if (Math.max(height, width) > smallSide || plain.jpegChannels !== channels) return undefined;
  const pixels = await decodeSmallJpeg(file);
  return pixels?.length === imageBytes(form) ? planesOf(pixels, channels) : undefined;
}

async function decodeAny(
  file: Buffer,
  plain: Plain | undefined,
  form: ImageForm,
): Promise<Uint8Array> {
  const sharp = loadSharp();
  try {
    const open = (autoOrient = false) => sharp(file, { ...input, autoOrient });
    const image = shaped(open, plain ?? (await measure(open())), form);
    const pixels = await coloured(image, form).raw({ depth: "uchar" }).toBuffer();
    if (pixels.length !== imageBytes(form))
      throw new BrokenImage("its header says another size than it has");
    return planesOf(pixels, form.channels);
  } catch (cause) {
    if (cause instanceof BrokenImage) throw cause;
    // A file that there was no memory for is not broken: it would be left out without need.
    throw lackOf(cause) ?? new BrokenImage(explain((cause as Error).message), { cause });
  }
}

/** One colour after another. */
function planesOf(pixels: Uint8Array, channels: 1 | 3): Uint8Array {
  if (channels === 1) return pixels;
  const planes = new Uint8Array(pixels.length);
  direct(() => addon().toPlanes(pixels, planes, channels));
  return planes;
}

/**
 * Whether it begins as an image does, whatever its name: libvips reads much more, and not all of it
 * should meet a stranger's file.
 */
function isKnown(file: Buffer): boolean {
  const begins = (text: string, at = 0) => file.toString("latin1", at, at + text.length) === text;
  return begins("\x89PNG\r\n") || begins("\xff\xd8\xff") || (begins("RIFF") && begins("WEBP", 8));
}

/** Pixels of the image once it is upright, and whether it has to be turned for that. */
interface Measure {
  readonly width: number;
  readonly height: number;
  readonly isTurned?: boolean | undefined;
}

async function measure(image: Sharp): Promise<Measure> {
  const { orientation = 1, autoOrient } = await image.metadata();
  return { ...autoOrient, isTurned: orientation > 1 };
}

function shaped(
  open: (autoOrient: boolean) => Sharp,
  whole: Measure,
  { size, crop }: ImageForm,
): Sharp {
  const image = open(whole.isTurned ?? false);
  const [height, width] = sidesOf(size);
  const part = crop === "none" ? whole : middle(whole, height, width);
  // Cropped first: resized as a whole, the side that is cut would be rounded, and the image
  // stretched.
  const cropped = areEqual(part, whole)
    ? image
    : image.extract({
        left: margin(whole.width, part.width),
        top: margin(whole.height, part.height),
        width: part.width,
        height: part.height,
      });
  return areEqual(part, { width, height })
    ? cropped
    : cropped.resize(width, height, { kernel: "linear", fastShrinkOnLoad: false, fit: "fill" });
}

/** The largest part of an image that has the shape of height × width, to the nearest pixel. */
function middle(whole: Measure, height: number, width: number): Measure {
  const fitting = (long: number, short: number, across: number) =>
    Math.max(1, Math.round((across * long) / short));
  return whole.width * height > whole.height * width
    ? { height: whole.height, width: fitting(width, height, whole.height) }
    : { height: fitting(height, width, whole.width), width: whole.width };
}

const areEqual = (a: Measure, b: Measure) => a.width === b.width && a.height === b.height;

/** Pixels before the middle ones, a half rounded to even: torchvision's CenterCrop. */
function margin(whole: number, part: number): number {
  const half = (whole - part) / 2;
  return half % 2 === 1.5 ? Math.ceil(half) : Math.floor(half);
}

function coloured(image: Sharp, { channels }: ImageForm): Sharp {
  const colour = image.flatten({ background }).toColourspace("srgb");
  if (channels === 3) return colour;
  // Half a level more, since libvips cuts off where Pillow rounds.
  return colour.recomb([luma, luma, luma]).linear(1, 0.5).extractChannel(0);
}

/**
 * libvips keeps what it has to say in one place for all threads: it may be another image's, and is
 * not passed on.
 */
function explain(message: string): string {
  return message.includes("pixel limit")
    ? `it has more than ${pixelLimit.toLocaleString("en-US")} pixels`
    : "it cannot be decoded: damaged or cut short";
}
