import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import { parseNpyHeader } from "../../lib/data/npy-file.js";
import { refusal } from "../../lib/reason.js";
import { datasets } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { allocatingAtMost, damaged, holdsForBytes, readOrRefuse } from "../helpers/fuzz.js";
import { levelsOf } from "../helpers/levels.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const path = join(folder.path, "x.npy");

/** Parts of a header as NumPy writes them, and as nobody does. */
const strange = fc.oneof(
  fc.constantFrom("", "None", "()", "(1 2)", "(-1,)", "1", "(0x2,)", "('2',)", "[2]", "(1,,2)"),
  fc.constantFrom(`(${"9".repeat(5000)},)`, `(${"1, ".repeat(5000)})`, "'|O'", "'\x9b2J'"),
  fc.constantFrom(`'${"f".repeat(5000)}'`, "'constructor'", "'__proto__'", "[('x', '<f4')]"),
  fc.string({ unit: "binary-ascii", maxLength: 12 }),
);
const likely = <T>(arbitrary: fc.Arbitrary<T>) => ({ weight: 6, arbitrary });
const sides = fc.oneof(
  likely(fc.nat(4)),
  fc.constantFrom(255, 2 ** 31, 2 ** 32, 2 ** 53, "18446744073709551616"),
);
const descr = fc.constantFrom("|u1", "|u1", "<f4", "<f8", "<i8", ">f4", "|b1").map((d) => `'${d}'`);
const shape = fc.array(sides, { maxLength: 5 }).map((all) => `(${all.join(", ")},)`);
const forged = fc
  .record({
    descr: fc.oneof(likely(descr), strange),
    order: fc.oneof(likely(fc.constant("False")), fc.constant("True"), strange),
    shape: fc.oneof(likely(shape), strange),
    version: fc.oneof(likely(fc.constantFrom(1, 2, 3)), fc.nat(255)),
    length: fc.oneof(likely(fc.constant(undefined)), fc.constantFrom(0, 1, 65_535, 2 ** 31)),
    body: fc.uint8Array({ maxLength: 100 }),
  })
  .map(({ descr, order, shape, version, length, body }) =>
    npy(
      `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`,
      body,
      version,
      length,
    ),
  );

function npy(header: string, body: Uint8Array, version = 1, length?: number): Uint8Array {
  const text = Buffer.from(header, "latin1");
  const size = Buffer.alloc(version === 1 ? 2 : 4);
  const announced = length ?? text.length;
  if (version === 1) size.writeUInt16LE(announced % 65_536);
  else size.writeUInt32LE(announced);
  const magic = Buffer.from([0x93, ...Buffer.from("NUMPY"), version, 0]);
  return new Uint8Array(Buffer.concat([magic, size, text, body]));
}

const sound = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
    fc.constantFrom(1, 4, 8),
    fc.nat(255),
  )
  .map(([shape, width, seed]) => {
    const count = shape.reduce((total, side) => total * side, 1);
    const values = Float64Array.from({ length: count }, (_, i) => ((seed * (i + 1)) % 256) / 255);
    const bytes = { 1: Uint8Array.from(values, (v) => v * 255), 4: Float32Array.from(values) };
    const { buffer } = width === 8 ? values : bytes[width as 1 | 4];
    const type = { 1: "|u1", 4: "<f4", 8: "<f8" }[width];
    const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
    return npy(header, new Uint8Array(buffer));
  });

/** The file as it is said to be by whoever believes it; its levels where it is of bytes in our own order. */
function believed(bytes: Uint8Array): { values: number; levels: Uint8Array | undefined } {
  const { dtype, shape, offset } = parseNpyHeader(
    bytes,
    bytes.length,
    refusal("ERR_DATA", "x", "x"),
  );
  const isBytes = dtype === "uint8" && shape.length === 3;
  return {
    values: shape.reduce((total, side) => total * side, 1),
    levels: isBytes ? bytes.subarray(offset) : undefined,
  };
}

/** Either all the values that the file holds, or a sentence; and no more memory than they need. */
async function reads(bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  for (const options of [{}, { range: [0, 1], layout: "NHWC" }] as const) {
    const dataset = await allocatingAtMost(8 * bytes.length + 2 ** 20, () =>
      readOrRefuse(() => datasets.npy(path, options)),
    );
    if (dataset === undefined) continue;
    using one = dataset;
    const levels = await levelsOf(one);
    const { values, levels: expected } = believed(bytes);
    expect([one.size * one.image.reduce((a, b) => a * b), levels.length]).toEqual([values, values]);
    if (one.dtype === "float32")
      expect((await one.read(0, one.size)).data.every(Number.isFinite)).toBe(true);
    if (expected !== undefined && !("range" in options))
      expect(Uint8Array.from(levels)).toEqual(Uint8Array.from(expected));
  }
  const labels = await readOrRefuse(() => datasets.npy(path, { labels: path }));
  // No array is both.
  expect(labels).toBe(undefined);
}

describe("a .npy file of a stranger", () => {
  holdsForBytes(
    "npy",
    {
      "any bytes": fc.uint8Array({ maxLength: 100 }),
      "forged headers": forged,
      "sound files": sound,
      "damaged files": damaged(sound),
    },
    reads,
  );
});
