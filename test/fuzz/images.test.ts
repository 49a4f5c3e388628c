import fc from "fast-check";
import sharp from "sharp";
import { describe, expect } from "vitest";
import { datasets, Images } from "../../lib/index.js";
import { anything, holds, readOrRefuse } from "../helpers/fuzz.js";

const side = fc.integer({ min: 1, max: 5 });
const shapes = fc.tuple(side, fc.constantFrom(1, 3), side, side);
const size = (shape: readonly number[]) => shape.reduce((total, one) => total * one, 1);
const pictures = shapes.chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    data: fc.float32Array({ minLength: size(shape), maxLength: size(shape) }),
    columns: side,
    padding: fc.nat(3),
    normalize: fc.boolean(),
  }),
);

describe("Images of a stranger", () => {
  holds(
    "of any numbers and any shape are images or a sentence",
    fc.tuple(
      fc.oneof(fc.float32Array({ maxLength: 9 }), anything),
      fc.oneof(fc.array(fc.nat(4)), anything),
    ),
    async ([data, shape]) => {
      const images = await readOrRefuse(() => new Images(data as Float32Array, shape as number[]));
      if (images !== undefined) expect(size(images.shape)).toBe(images.data.length);
    },
  );

  holds(
    "are a picture of the grid's size, whatever the numbers: NaN and infinity, too",
    pictures,
    async ({ data, shape, ...options }) => {
      const [count, , height, width] = shape;
      const { info } = await sharp(await new Images(data, shape).toPng(options))
        .raw()
        .toBuffer({ resolveWithObject: true });
      const across = Math.min(options.columns, count);
      const padded = (one: number, times: number) =>
        times * (one + options.padding) + options.padding;
      // One image alone has no border, as torchvision has it.
      expect([info.width, info.height]).toEqual(
        count === 1
          ? [width, height]
          : [padded(width, across), padded(height, Math.ceil(count / across))],
      );
    },
  );

  holds(
    "as bytes come back as they were given",
    shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.uint8Array({ minLength: size(shape), maxLength: size(shape) }),
      ),
    ),
    async ([shape, bytes]) => {
      using dataset = await datasets.fromBytes(bytes, { shape });
      const { data } = await dataset.read(0, dataset.size);
      expect(Uint8Array.from(data, (value) => Math.round(value * 255))).toEqual(bytes);
    },
  );
});
