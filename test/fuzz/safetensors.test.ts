import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TensorSpec } from "../../lib/layers/state.js";
import {
  type Dtype,
  formatSafetensors,
  parseSafetensors,
  readSafetensors,
  type StoredTensor,
} from "../../lib/safetensors.js";
import { fitState } from "../../lib/weights.js";
import { allocatingAtMost, damaged, holdsForBytes, readOrRefuse } from "../helpers/fuzz.js";
import { withFolder } from "../helpers/networks.js";

const widths: Readonly<Record<Dtype, number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1, C64: 8 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
};
const dtypes = Object.keys(widths) as Dtype[];
const notWeights = "__metadata__";
const names = fc
  .oneof(
    fc.constantFrom(
      "w",
      "n",
      "l1.0.weight",
      "__proto__",
      "constructor",
      "toString",
      "",
      "7",
      "a\nb",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  )
  .filter((name) => name !== notWeights);

/** Tensors of every kind, and bytes that nobody drew. */
const tensors: fc.Arbitrary<StoredTensor[]> = fc.uniqueArray(
  fc
    .tuple(names, fc.constantFrom(...dtypes), fc.array(fc.nat(3), { maxLength: 3 }), fc.nat(255))
    .map(([name, dtype, shape, seed]) => {
      const length = shape.reduce((total, side) => total * side, widths[dtype]);
      const data = Uint8Array.from({ length }, (_, i) => seed * (i + 1));
      return { name, dtype, shape, data };
    }),
  { selector: ({ name }) => name, maxLength: 5 },
);

const join8 = (parts: readonly (Uint8Array | string)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
const files = tensors.map((all) => join8(formatSafetensors(all)));

/** JSON that no writer would write where it stands. */
const strange = fc.oneof(
  fc.constantFrom("-1", "-0", "0.5", "1e999", "9007199254740992", "9223372036854775808", "null"),
  fc.constantFrom(
    '{"toString":1}',
    '{"__proto__":{}}',
    '["F32"]',
    '"constructor"',
    '"F\\u001b[2J"',
  ),
  fc.constantFrom(
    "[".repeat(3000) + "]".repeat(3000),
    `"${"F".repeat(5000)}"`,
    "[4503599627370496,4503599627370496]",
  ),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.nat(64).map(String),
);
const offsets = fc.tuple(fc.integer({ min: -1, max: 24 }), fc.integer({ min: -1, max: 24 }));
const entries = fc.record({
  name: names.map((name) => JSON.stringify(name)),
  dtype: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('"F32"', '"U8"', '"BOOL"') }, strange),
  shape: fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.nat(4), { maxLength: 3 }).map((s) => JSON.stringify(s)) },
    strange,
  ),
  offsets: fc.oneof({ weight: 4, arbitrary: offsets.map((pair) => JSON.stringify(pair)) }, strange),
});
const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  fc.constantFrom(0n, 1n, 7n, 2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
);

/** Headers in the right form, about tensors that overlap, are elsewhere, are twice there, or are none. */
const forged = fc
  .tuple(fc.array(entries, { maxLength: 6 }), fc.uint8Array({ maxLength: 24 }), lengths)
  .map(([all, body, length]) => {
    const fields = all.map(
      (one) =>
        `${one.name}:{"dtype":${one.dtype},"shape":${one.shape},"data_offsets":${one.offsets}}`,
    );
    const header = Buffer.from(`{${fields.join(",")}}`);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(length ?? BigInt(header.length));
    return join8([size, header, body]);
  });

const state = new Map<string, TensorSpec>([
  ["w", { shape: [2], dtype: "float32", trained: true }],
  ["n", { shape: [], dtype: "int64", trained: false }],
]);

/** Either tensors that are written as they were read, or a sentence; and no more memory than the file twice. */
async function reads(bytes: Uint8Array): Promise<void> {
  const sentence = /^Expected a safetensors file for path but received "w": /;
  const found = await allocatingAtMost(2 * bytes.length + 65_536, () =>
    readOrRefuse(() => parseSafetensors(bytes, "w"), sentence),
  );
  if (found === undefined) return;
  expect(parseSafetensors(join8(formatSafetensors(found)), "w")).toEqual(found);
  await readOrRefuse(
    () => fitState(found, state, "w"),
    /^Expected the weights of this network for path but received "w": /,
  );
}

describe("a safetensors file of a stranger", () => {
  holdsForBytes(
    "safetensors",
    {
      "any bytes": fc.uint8Array({ maxLength: 200 }),
      "forged headers": forged,
      "damaged files": damaged(files),
      "sound files": files,
    },
    reads,
  );

  it("is what was written: names, dtypes, shapes and bytes", async () => {
    await fc.assert(
      fc.asyncProperty(tensors, async (written) => {
        const byName = (all: readonly StoredTensor[]) => new Map(all.map((one) => [one.name, one]));
        expect(byName(parseSafetensors(join8(formatSafetensors(written)), "w"))).toEqual(
          byName(written),
        );
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("is not read if it says that it is larger than memory: gigabytes without a byte on the disk", async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "w");
      writeFileSync(path, Buffer.from([255, 255, 255, 255, 255, 255, 255, 127]));
      truncateSync(path, 3 * 2 ** 30);
      await allocatingAtMost(2 ** 20, () =>
        expect(readSafetensors(path)).rejects.toThrow(
          "its header would be 9223372036854775807 bytes",
        ),
      );
    });
  });

  it("is not parsed if its header is larger than any network's: JSON takes ten times its bytes", () => {
    const bytes = new Uint8Array(8 + 2 ** 24 + 1);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 24n + 1n, true);
    expect(() => parseSafetensors(bytes, "w")).toThrow(
      "its header would be 16777217 bytes, more than 16777216",
    );
  });
});
