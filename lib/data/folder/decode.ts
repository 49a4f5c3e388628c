// One file of an image as bytes for a network: turned upright, on white, cropped, resized, in grey
// or colour.
import type { Sharp, SharpOptions } from "sharp";
import { loadSharp } from "../../sharp.js";
import { channelsFirst } from "../levels.js";
import { type Plain, readPlain } from "./plain.js";
import { decodeSmallJpeg, smallSide } from "./small-jpeg.js";

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

/** Bytes of [channels, size, size]. Throws BrokenImage. */
export async function decodeImage(file: Buffer, form: ImageForm): Promise<Uint8Array> {
  if (!isKnown(file)) throw new BrokenImage("it is not a PNG, JPEG or WebP");
  const plain = readPlain(file);
  return (await decodeSmall(file, plain, form)) ?? decodeAny(file, plain, form);
}

/** Undefined for whatever is not a small JPEG of the right size and colours. */
async function decodeSmall(
  file: Buffer,
  plain: Plain | undefined,
  { size, channels }: ImageForm,
): Promise<Uint8Array | undefined> {
  if (plain?.width !== size || plain.height !== size || size > smallSide) return undefined;
  if (plain.jpegChannels !== channels) return undefined;
  const pixels = await decodeSmallJpeg(file);
  return pixels?.length === channels * size ** 2 ? planesOf(pixels, channels) : undefined;
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
    if (pixels.length !== form.channels * form.size ** 2)
      throw new BrokenImage("its header says another size than it has");
    return planesOf(pixels, form.channels);
  } catch (cause) {
    if (cause instanceof BrokenImage) throw cause;
    throw new BrokenImage(explain((cause as Error).message), { cause });
  }
}

/** One colour after another. */
function planesOf(pixels: Uint8Array, channels: 1 | 3): Uint8Array {
  if (channels === 1) return pixels;
  const planes = new Uint8Array(pixels.length);
  channelsFirst(pixels, planes, pixels.length / channels, channels);
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
  { width, height, isTurned = false }: Measure,
  { size, crop }: ImageForm,
): Sharp {
  const image = open(isTurned);
  const side = Math.min(width, height);
  const resize = { kernel: "linear", fastShrinkOnLoad: false } as const;
  if (crop === "none" || width === height)
    return width === size && height === size
      ? image
      : image.resize(size, size, { ...resize, fit: "fill" });
  // Cropped first: resized as a whole, the side that is cut would be rounded, and the image
  // stretched.
  const square = image.extract({
    left: margin(width, side),
    top: margin(height, side),
    width: side,
    height: side,
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

/**
 * libvips keeps what it has to say in one place for all threads: it may be another image's, and is
 * not passed on.
 */
function explain(message: string): string {
  return message.includes("pixel limit")
    ? `it has more than ${pixelLimit.toLocaleString("en-US")} pixels`
    : "it cannot be decoded: damaged or cut short";
}
