// Small JPEGs are decoded without libvips, to the same bytes; what is not as it should be is left to libvips.
import sharp from "sharp";
import { expect, it } from "vitest";
import { BrokenImage, decodeImage } from "../../lib/data/folder/decode.js";
import { readPlain } from "../../lib/data/folder/plain.js";
import { decodeSmallJpeg, smallSide } from "../../lib/data/folder/small-jpeg.js";

interface Kind {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly quality: number;
  readonly progressive: boolean;
  readonly halved: boolean;
}

/** Every third of a few hundred kinds: sides that are whole blocks or not, the best and the worst quality. */
const kinds = [8, 28, 33, 64, smallSide]
  .flatMap((size) => ([1, 3] as const).map((channels) => ({ size, channels })))
  .flatMap((kind) => [1, 10, 50, 90, 100].map((quality) => ({ ...kind, quality })))
  .flatMap((kind) => [false, true].map((progressive) => ({ ...kind, progressive })))
  .flatMap((kind) => [false, true].map((halved): Kind => ({ ...kind, halved })))
  .filter((_, i) => i % 3 === 0);

/** Black and white dots on waves: what rounds worst. */
function makeJpeg({ size, channels, quality, progressive, halved }: Kind): Promise<Buffer> {
  const level = (i: number) => (i % 7 === 0 ? 255 * (i % 2) : 128 + 120 * Math.sin(i * quality));
  const pixels = Uint8Array.from({ length: channels * size ** 2 }, (_, i) => level(i));
  const image = sharp(pixels, { raw: { width: size, height: size, channels } });
  const chromaSubsampling = halved ? "4:2:0" : "4:4:4";
  return image
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .jpeg({ quality, progressive, chromaSubsampling })
    .toBuffer();
}

/** Bytes of libvips, one colour after another. */
async function judge(file: Buffer, channels: 1 | 3): Promise<Buffer> {
  const planes = ([0, 1, 2] as const)
    .slice(0, channels)
    .map((i) => sharp(file, { failOn: "error" }).extractChannel(i).raw().toBuffer());
  return Buffer.concat(await Promise.all(planes));
}

it("the decoder of small JPEGs gives libvips' bytes", async () => {
  for (const kind of kinds) {
    const { size, channels } = kind;
    const file = await makeJpeg(kind);
    expect(readPlain(file)).toEqual({ width: size, height: size, jpegChannels: channels });
    expect(await decodeSmallJpeg(file)).toBeDefined();
    const ours = await decodeImage(file, { size, channels, crop: "center" });
    expect([kind, (await judge(file, channels)).equals(ours)]).toEqual([kind, true]);
  }
});

it("the decoder keeps what it returned, whatever comes next", async () => {
  const kind = { size: 16, channels: 1, quality: 90, progressive: false, halved: false } as const;
  const [dark, light] = await Promise.all(
    [10, 240].map((level) =>
      sharp(Buffer.alloc(16 * 16, level), { raw: { width: 16, height: 16, channels: 1 } })
        .toColourspace("b-w")
        .jpeg()
        .toBuffer(),
    ),
  );
  const first = await decodeImage(dark as Buffer, { ...kind, crop: "center" });
  await decodeImage(light as Buffer, { ...kind, crop: "center" });
  expect([...new Set(first)]).toEqual([10]);
});

it("the decoder has nothing to say of a file that is cut short, and goes on after it", async () => {
  const kind = { size: 32, channels: 3, quality: 80, progressive: false, halved: true } as const;
  const file = await makeJpeg(kind);
  const form = { size: 32, channels: 3, crop: "center" } as const;
  const whole = await decodeSmallJpeg(file);
  expect(whole).toHaveLength(32 * 32 * 3);
  for (let length = 20; length < file.length; length += 37) {
    const part = file.subarray(0, length);
    expect(await decodeSmallJpeg(part)).toBeUndefined();
    const error = await decodeImage(part, form).catch((reason) => reason);
    expect(error).toBeInstanceOf(BrokenImage);
    expect(error.message).toBe("it cannot be decoded: damaged or cut short");
    expect(await decodeSmallJpeg(file)).toEqual(whole);
  }
});

it("the decoder says the same of each of many broken files that are decoded at once", async () => {
  const kind = { size: 32, channels: 3, quality: 80, progressive: false, halved: true } as const;
  const file = await makeJpeg(kind);
  const form = { size: 16, channels: 3, crop: "center" } as const;
  const parts = Array.from({ length: 40 }, (_, i) => file.subarray(0, file.length - 100 - i));
  const found = await Promise.all(
    parts.map((part) => decodeImage(part, form).catch(({ message }) => message)),
  );
  expect([...new Set(found)]).toEqual(["it cannot be decoded: damaged or cut short"]);
});

it("the decoder leaves to libvips what has a profile, may be turned, or enlarges colours downwards only", async () => {
  const plain = { size: 16, channels: 3, quality: 80, progressive: false, halved: true } as const;
  const file = await makeJpeg(plain);
  const frame = file.indexOf(Buffer.of(0xff, 0xc0)) + 4;
  const patched = (at: number, value: number) => {
    const other = Buffer.from(file);
    other[frame + at] = value;
    return readPlain(other)?.jpegChannels;
  };
  expect(readPlain(file)?.jpegChannels).toBe(3);
  expect(patched(0, 12)).toBe(0); // bits
  expect(patched(7, 0x12)).toBe(0); // half as high as the others
  expect(patched(7, 0x41)).toBe(0);
  expect(patched(10, 0x21)).toBe(0);
  expect(patched(5, 4)).toBe(0); // inks
  const profiled = await sharp(file).withIccProfile("p3").jpeg().toBuffer();
  expect(readPlain(profiled)?.jpegChannels).toBe(0);
  const turned = await sharp(file).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect(readPlain(turned)).toBeUndefined();
});

it("a PNG is upright, too, where its EXIF data say that it has to be turned", async () => {
  // White on the left; a quarter turn to the right brings that to the top.
  const raw = { width: 8, height: 4, channels: 1 } as const;
  const pixels = Buffer.from(Array.from({ length: 32 }, (_, i) => (i % 8 < 4 ? 255 : 0)));
  const flat = await sharp(pixels, { raw }).png().toBuffer();
  const turned = await sharp(flat).withMetadata({ orientation: 6 }).png().toBuffer();
  expect(readPlain(flat)).toMatchObject({ width: 8, height: 4 });
  expect(readPlain(turned)).toBeUndefined();
  const form = { size: [8, 4], channels: 1, crop: "none" } as const;
  const levels = Array.from({ length: 32 }, (_, i) => (i < 16 ? 255 : 0));
  expect([...(await decodeImage(turned, form))]).toEqual(levels);
});

it("no header is read beyond its end, wherever a file is cut off", async () => {
  for (const progressive of [false, true]) {
    const kind = { size: 16, channels: 3, quality: 80, progressive, halved: true } as const;
    const file = await makeJpeg(kind);
    const frame = file.indexOf(Buffer.of(0xff, progressive ? 0xc2 : 0xc0));
    const plain = Array.from({ length: frame + 30 }, (_, i) => readPlain(file.subarray(0, i)));
    const first = plain.findIndex((one) => one !== undefined);
    expect(first).toBe(frame + 9);
    expect(plain.slice(first).every((one) => one?.width === 16 && one.height === 16)).toBe(true);
  }
});

it("the decoder keeps files apart that are decoded at the same moment", async () => {
  const form = { size: 64, channels: 3, crop: "center" } as const;
  const kind = { size: 64, channels: 3, progressive: false, halved: false } as const;
  const files = await Promise.all([30, 60, 90].map((quality) => makeJpeg({ ...kind, quality })));
  const alone: Uint8Array[] = [];
  for (const file of files) alone.push(await decodeImage(file, form));
  const together = await Promise.all(files.map((file) => decodeImage(file, form)));
  expect(together).toEqual(alone);
});
