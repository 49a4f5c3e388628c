import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeIdx } from "../../lib/data/idx.js";
import { allocatingAtMost, damaged, holdsForBytes, readOrRefuse } from "../helpers/fuzz.js";

/** IDX files of rank 1 to 3 whose header may announce anything. */
const announced = fc.oneof(fc.nat(4), fc.constantFrom(255, 65_536, 2 ** 31, 2 ** 32 - 1));
const forged = fc
  .tuple(
    fc.array(announced, { minLength: 1, maxLength: 3 }),
    fc.uint8Array({ maxLength: 70 }),
    fc.constantFrom(8, 8, 8, 9, 13),
  )
  .map(([sides, body, type]) => idx(sides, body, type));

function idx(sides: readonly number[], body: Uint8Array, type = 8): Uint8Array {
  const header = Buffer.alloc(4 + 4 * sides.length);
  header.set([0, 0, type, sides.length]);
  sides.forEach((side, axis) => {
    header.writeUInt32BE(side, 4 + 4 * axis);
  });
  return new Uint8Array(Buffer.concat([header, body]));
}

const sound = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })
  .chain((sides) => {
    const length = sides.reduce((total, side) => total * side, 1);
    return fc.uint8Array({ minLength: length, maxLength: length }).map((body) => idx(sides, body));
  });

const packed = (files: fc.Arbitrary<Uint8Array>) =>
  files.map((bytes) => new Uint8Array(gzipSync(bytes, { level: 1 })));

/** Either what the file holds, byte for byte, or a sentence; and no more memory than that and a chunk. */
async function reads(bytes: Uint8Array): Promise<void> {
  const chunk = 2 ** 18 + 65_536;
  for (const rank of [1, 3]) {
    const found = await allocatingAtMost(2 * bytes.length + 8 * chunk, () =>
      readOrRefuse(
        () => decodeIdx(async () => bytes, rank, "x"),
        /^Expected an IDX file (of rank [13] )?for path but received "x"(: | \()/,
      ),
    );
    if (found === undefined) continue;
    const again = idx(found.shape, found.data);
    expect(await decodeIdx(async () => again, rank, "x")).toEqual({
      shape: found.shape,
      data: Uint8Array.from(found.data),
    });
    if (bytes[0] === 0) expect(again).toEqual(Uint8Array.from(bytes));
  }
}

describe("an IDX file of a stranger", () => {
  holdsForBytes(
    "idx",
    {
      "any bytes": fc.uint8Array({ maxLength: 100 }),
      "forged headers": forged,
      "sound files": sound,
      "damaged files": damaged(sound),
      "packed forgeries": packed(forged),
      "damaged packed files": damaged(packed(sound)),
    },
    reads,
  );

  it("is not unpacked where that would be more than an array holds", async () => {
    const huge = gzipSync(idx([65_535, 65_535, 2], new Uint8Array(9)));
    await expect(decodeIdx(async () => huge, 3, "x")).rejects.toThrow(
      "it would unpack to 8589672466 bytes, more than 4294967295",
    );
  });

  it("is unpacked no further than its header announces: a bomb of 64 MiB takes less than 4", async () => {
    const bomb = gzipSync(idx([2, 2, 2], new Uint8Array(2 ** 26)), { level: 9 });
    expect(bomb.length).toBeLessThan(70_000);
    await allocatingAtMost(2 ** 22, () =>
      expect(decodeIdx(async () => bomb, 3, "x")).rejects.toThrow(
        'Expected an IDX file of rank 3 for path but received "x": its header needs 8 bytes, and more follow it',
      ),
    );
  });
});
