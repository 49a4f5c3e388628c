import { extname } from "node:path";
import { inspect } from "node:util";
import { addon, crossing } from "./addon.js";
import * as check from "./check.js";
import { outOfRange, traced, wrongType } from "./errors.js";
import { writeWhole } from "./files.js";
import { lineOf, times } from "./inspect.js";
import type { NativeGrid } from "./native.js";
import type { Bytes, Floats } from "./arrays.js";
import { checkFloatRange, type PixelRange } from "./pixel-range.js";
import { product } from "./shape.js";
import { draw } from "./sharp.js";

/** How a grid of images is laid out: torchvision.utils.make_grid's options. */
export interface GridOptions {
  /** Images in a row, 1 to 10,000. @default 8 */
  readonly columns?: number | undefined;
  /** Black pixels around each image, 0 to 1,000. @default 2 */
  readonly padding?: number | undefined;
  /**
   * Stretches the values from those of `range` to black and white; else they are taken as 0 to 1.
   * @default true
   */
  readonly normalize?: boolean | undefined;
  /**
   * Values of black and of white, beyond which values are cut off: make_grid's value_range.
   * @default the smallest and the largest value of all images
   */
  readonly range?: PixelRange | undefined;
}

/** Far more pixels than anyone looks at: a side of 16,383, sharp's limit. */
const largestGrid = 16_383 ** 2;

/** Pixels between the images of a grid, unless other ones are asked for. */
const usualPadding = 2;

/** Height and width of a grid. It has the product of five numbers of pixels. */
function sidesOfGrid(count: number, image: readonly number[], columns: number, padding: number) {
  const [height, width] = image.slice(-2) as [number, number];
  const across = Math.min(columns, count);
  return [
    Math.ceil(count / across) * (height + padding) + padding,
    across * (width + padding) + padding,
  ];
}

/**
 * @internal Checks, before there are any images, that their grid will not have too many pixels.
 *
 * @param asked what the user calls what makes it so large, and wrote there
 */
export function checkGrid(
  { count, image }: { readonly count: number; readonly image: readonly number[] },
  { columns, padding = usualPadding }: GridOptions & { readonly columns: number },
  asked: { readonly name: string; readonly value: unknown },
): void {
  const sides = sidesOfGrid(count, image, columns, padding);
  if (product(sides) <= largestGrid) return;
  const what = `a grid of at most ${largestGrid} pixels, and not of ${sides.join(" × ")},`;
  throw outOfRange(what, asked.name, asked.value);
}

/** A batch of samples as numbers. */
export class Images {
  /** Values in order of `shape`; a generator that ends in tanh gives [-1, 1]. */
  readonly data: Floats;
  /** [count, channels, height, width], or [count, features]. */
  readonly shape: readonly number[];

  /**
   * Numbers of your own as images.
   *
   * @param data values, images one after the other, each row by row, channel by channel
   * @param shape [count, channels, height, width], or [count, features]
   * @throws TypeError, RangeError where they do not fit
   */
  constructor(data: Float32Array, shape: readonly number[]) {
    this.data = check.floats(data, "data");
    // A copy: what was checked stays as it is.
    this.shape = check.shape(shape, "shape");
    if (product(shape) !== data.length) throw outOfRange(`${data.length} values`, "shape", shape);
  }

  /** Number of samples. */
  get count(): number {
    return this.shape[0] as number;
  }

  /**
   * The samples from `start` up to, not including, `end`.
   *
   * @param start from 0 to count − 1
   * @param end from start + 1 to count @default count
   * @throws TypeError, RangeError
   */
  slice(start: number, end: number = this.count): Images {
    check.withMemory(this.data, "data");
    check.integer(start, "start", 0, this.count - 1);
    check.integer(end, "end", start + 1, this.count);
    const size = product(this.shape.slice(1));
    return new Images(this.data.slice(start * size, end * size), [
      end - start,
      ...this.shape.slice(1),
    ]);
  }

  /**
   * The images side by side as a PNG: the pixels of torchvision's save_image(normalize=True), with
   * `range` those of its value_range.
   *
   * @throws TypeError and RangeError for options, for images of other than 1 or 3 channels, and for
   * more than 16,383² pixels; ERR_MEMORY; ERR_NATIVE where the npm package sharp does not load
   */
  async toPng(options: GridOptions = {}): Promise<Bytes> {
    const { data, width, height } = await this.render(options);
    const raw = { width, height, channels: 3 } as const;
    return draw((sharp) => sharp(data, { raw }).png().toBuffer());
  }

  /** @internal */
  [inspect.custom](): string {
    return lineOf(this, times(this.count, this.shape.slice(1)));
  }

  /** @internal The images side by side as bytes of RGB. */
  async render(options: GridOptions): Promise<NativeGrid> {
    check.withMemory(this.data, "data");
    check.options(options, "options", ["columns", "padding", "normalize", "range"]);
    const columns = check.integer(options.columns ?? 8, "columns", 1, 10_000);
    const padding = check.integer(options.padding ?? usualPadding, "padding", 0, 1_000);
    const normalize = check.boolean(options.normalize ?? true, "normalize");
    const range = options.range === undefined ? undefined : checkFloatRange(options.range, "range");
    if (!normalize && range !== undefined)
      throw wrongType("true where there is a range", "normalize", normalize);
    const channels = this.shape[1];
    if (this.shape.length !== 4 || (channels !== 1 && channels !== 3)) {
      throw outOfRange("images of shape [count, 1 or 3, height, width]", "shape", this.shape);
    }
    const sides = sidesOfGrid(this.count, this.shape, columns, padding);
    if (product(sides) > largestGrid)
      throw outOfRange(`a grid of at most ${largestGrid} pixels`, "images", sides);
    return crossing(() =>
      addon().renderGrid(this.data, [...this.shape], { columns, padding, normalize, range }),
    );
  }

  /**
   * Writes `toPng()` to a .png file, whole or not at all.
   *
   * @throws what toPng() throws, TypeError for a path that does not end in .png, and ERR_OUTPUT
   */
  async save(path: check.Path, options: GridOptions = {}): Promise<void> {
    const place = check.path(path, "path");
    if (extname(place).toLowerCase() !== ".png")
      throw wrongType("a path that ends in .png", "path", place);
    await traced(async () => writeWhole(place, [await this.toPng(options)]));
  }
}
