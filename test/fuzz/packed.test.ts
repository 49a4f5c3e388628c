import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type CacheKey, readCache, writeCache } from "../../lib/data/folder/cache.js";
import type { Packed } from "../../lib/data/folder/pack.js";
import { makeFolder } from "../helpers/folder.js";
import { allocatingAtMost, damaged, holds, holdsForBytes, readOrRefuse } from "../helpers/fuzz.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const path = join(folder.path, "x.packed");

const image = 3 * 2 * 2;
const key: CacheKey = { source: "s", form: { size: 2, channels: 3, crop: "center" }, classes: 3 };

/** What a folder of images could have been packed to. */
const packed: fc.Arbitrary<Packed> = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(2), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    fc.array(fc.record({ path: fc.string({ unit: "binary" }), reason: fc.string() }), {
      maxLength: 2,
    }),
  )
  .map(([all, skipped]) => ({
    images: Uint8Array.from(all.flatMap(([, seed]) => Array<number>(image).fill(seed))),
    labels: Uint8Array.from(all, ([label]) => label),
    skipped: skipped.map(({ path, reason }) => ({ path, reason })),
  }));

/** JSON, and what a string of the metadata may hold, that we would not have written where it stands. */
const strange = fc.oneof(
  fc.constantFrom("null", "0.5", "1e999", '{"toString":1}', '{"__proto__":{}}', '"\\u001b[2J"'),
  fc.constantFrom("[".repeat(3000) + "]".repeat(3000), "[1.5]", "[-0]", "[9e9]"),
  fc.jsonValue().map((value) => JSON.stringify(value)),
);
const broken = fc.oneof(
  fc.constantFrom("[]", "{}", "[1]", "[null]", '[{"path":"a"}]', '[{"path":1,"reason":"b"}]'),
  fc.constantFrom('[{"path":"a","reason":"b"}]', "[", ""),
  fc.string(),
);
const likely = <T>(arbitrary: fc.Arbitrary<T>) => ({ weight: 8, arbitrary });

/** Files in the right form whose checksum is right, of labels, lists and shapes that are not. */
const forged = fc
  .record({
    count: fc.nat(3),
    label: fc.oneof(fc.nat(3), fc.constant(255)),
    more: fc.oneof(likely(fc.constant(0)), fc.integer({ min: -3, max: 3 })),
    skipped: broken,
    // A part of the header that is something else: which, and what.
    place: fc.oneof(likely(fc.constant("nothing")), fc.constantFrom(..."ilsckm")),
    other: strange,
  })
  .map(({ count, label, more, skipped, place, other }) => {
    const body = new Uint8Array(Math.max(0, count * (image + 1) + more)).fill(label);
    const checksum = crc32(skipped, crc32(body)).toString(16).padStart(8, "0");
    const part = (name: string, sound: unknown) => (place === name ? other : JSON.stringify(sound));
    const metadata = `{"source":${part("s", "s")},"skipped":${part("k", skipped)},"crc32":${part("c", checksum)}}`;
    const end = count * image;
    const images = { dtype: "U8", shape: [count, 3, 2, 2], data_offsets: [0, end] };
    const labels = { dtype: "U8", shape: [count], data_offsets: [end, end + count] };
    const header = Buffer.from(
      `{"__metadata__":${place === "m" ? other : metadata},"images":${part("i", images)},"labels":${part("l", labels)}}`,
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return new Uint8Array(Buffer.concat([length, header, body]));
  });

/** Sound files, of what is packed above. */
const sound = packed.map((one) => bytesOf(one));

function bytesOf({ images, labels, skipped }: Packed): Uint8Array {
  const list = JSON.stringify(skipped);
  const checksum = crc32(list, crc32(labels, crc32(images)))
    .toString(16)
    .padStart(8, "0");
  const count = labels.length;
  const header = JSON.stringify({
    __metadata__: { format: "sparring", source: key.source, skipped: list, crc32: checksum },
    images: { dtype: "U8", shape: [count, 3, 2, 2], data_offsets: [0, images.length] },
    labels: { dtype: "U8", shape: [count], data_offsets: [images.length, images.length + count] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return new Uint8Array(Buffer.concat([length, Buffer.from(header), images, labels]));
}

const read = () =>
  readOrRefuse(() => readCache(path, key), /^Expected packed images for cache but received ".*": /);

/** Either images with a label of a class each, or a sentence; and no more memory than a few times the file. */
async function reads(bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  const found = await allocatingAtMost(4 * bytes.length + 2 ** 20, read);
  if (found === undefined) return;
  expect(found.images).toHaveLength(found.labels.length * image);
  expect(found.labels.every((label) => label < key.classes)).toBe(true);
  for (const { path, reason } of found.skipped)
    expect([typeof path, typeof reason]).toEqual(["string", "string"]);
  expect(bytes.subarray(-found.labels.length)).toEqual(found.labels);
}

describe("packed images of a stranger", () => {
  holdsForBytes(
    "packed",
    {
      "any bytes": fc.uint8Array({ maxLength: 100 }),
      "forged files": forged,
      "sound files": sound,
      "damaged files": damaged(sound),
    },
    reads,
  );

  holds("are what was written, and nothing once a byte is another", packed, async (one) => {
    await writeCache(path, one, key);
    expect(await read()).toEqual(one);
    const bytes = readFileSync(path);
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] as number) ^ 1;
    writeFileSync(path, bytes);
    expect(await read()).toBe(undefined);
  });

  it("is refused where its header is arrays within arrays, a million deep", async () => {
    const deep = `{"__metadata__":{"source":"s"},"images":${"[".repeat(1e6)}${"]".repeat(1e6)}}`;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(deep.length));
    writeFileSync(path, Buffer.concat([length, Buffer.from(deep), Buffer.alloc(image + 1)]));
    await expect(readCache(path, key)).rejects.toThrow("its header does not fit its size");
  });

  it("is refused where its header is larger than any of ours: JSON takes ten times its bytes", async () => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(2n ** 24n + 1n);
    writeFileSync(path, length);
    truncateSync(path, 2 ** 30);
    await allocatingAtMost(2 ** 20, () =>
      expect(readCache(path, key)).rejects.toThrow("its header would be 16777217 bytes"),
    );
  });
});
