// Numbers that become bytes, or float32, by native code: to the bit as JavaScript computes it.
import { describe, expect, it } from "vitest";
import { addon } from "../../lib/addon.js";
import { type Numbers, toFinite, toLevels } from "../../lib/data/rounding.js";
import { datasets } from "../../lib/index.js";

/** More than a slice of 2²⁰ values, and no whole number of blocks. */
const many = (1 << 20) + 4099;

const ranges = [
  [-1, 1],
  [0, 1],
  [0.1, 0.7],
] as const;

/** Halves between two levels, where the last bit decides. */
const halves = ([black, white]: readonly [number, number]) =>
  Float64Array.from({ length: many }, (_, i) => black + ((white - black) * (i % 511)) / 510);

describe("toLevels", () => {
  it.each(ranges)("is floor(x + 0.5) in float64, of either type: [%d, %d]", async (...range) => {
    const [black, white] = range;
    for (const values of [halves(range), Float32Array.from(halves(range))]) {
      const levels = new Uint8Array(many);
      expect(await toLevels(values, range, levels)).toBe(-1);
      const scale = 255 / (white - black);
      const wanted = Uint8Array.from(values, (x) => Math.floor((x - black) * scale + 0.5));
      expect(Buffer.compare(levels, wanted)).toBe(0);
    }
  });

  it("takes bytes in another range, a part of an array, and none at all", async () => {
    const levels = new Uint8Array(3);
    expect(await toLevels(Uint8Array.of(0, 40, 100), [0, 100], levels)).toBe(-1);
    expect([...levels]).toEqual([0, 102, 255]);
    const whole = Float32Array.of(9, 0, 1, 0.5, 9);
    const room = new Uint8Array(5).fill(7);
    expect(await toLevels(whole.subarray(1, 4), [0, 1], room.subarray(1, 4))).toBe(-1);
    expect([...room]).toEqual([7, 0, 255, 128, 7]);
    expect(await toLevels(new Float32Array(), [0, 1], new Uint8Array())).toBe(-1);
  });

  it.each([
    ["NaN", NaN],
    ["infinity", -Infinity],
    ["more than half a level beyond", 1.002],
  ])("names the first of them: %s", async (_, unfit) => {
    for (const place of [0, 4096, (1 << 20) - 1, 1 << 20, many - 1]) {
      for (const values of [new Float32Array(many), new Float64Array(many)]) {
        values[place] = unfit;
        values[many - 1] = unfit;
        expect(await toLevels(values, [0, 1], new Uint8Array(many))).toBe(place);
      }
    }
  });
});

describe("toFinite", () => {
  it("is Math.fround(), and names the first that is not finite then", async () => {
    const values = Float64Array.from({ length: many }, (_, i) => Math.sin(i) * 1e38);
    const floats = new Float32Array(many);
    expect(await toFinite(values, floats)).toBe(-1);
    expect(Buffer.from(floats.buffer).equals(Buffer.from(Float32Array.from(values).buffer))).toBe(
      true,
    );
    for (const place of [0, 4096, 1 << 20, many - 1]) {
      const some = values.slice();
      some[place] = 3.5e38;
      some[many - 1] = NaN;
      expect(await toFinite(some, floats)).toBe(place);
      expect(await toFinite(Float32Array.from(some), floats)).toBe(place);
    }
  });
});

it("refuses to write where there is less room than values", () => {
  const [values, room] = [new Float32Array(4), new Uint8Array(3)];
  const sentence = "Expected as much room as there are values";
  expect(() => addon().toLevels(values, room, 0, 1)).toThrow(sentence);
  expect(() => addon().toFinite(values, new Float32Array(3))).toThrow(sentence);
  expect(() => addon().toPlanes(new Uint8Array(6), room, 3)).toThrow(sentence);
});

describe("values that go while they are copied", () => {
  const shape = [1, 1, 1, many];
  const kinds: [string, (values: Float32Array) => Promise<unknown>][] = [
    ["fromArray", (values) => datasets.fromArray(values, { shape, range: [0, 1] })],
    ["fromValues", (values) => datasets.fromValues(values, { shape })],
  ];

  it.each(kinds)("are told of: transferred away from %s", async (_, make) => {
    const values = new Float32Array(many);
    const made = make(values);
    structuredClone(values, { transfer: [values.buffer] });
    await expect(made).rejects.toThrow(
      new TypeError(
        "Expected an array whose memory was not transferred away for values but received Float32Array(0 bytes)",
      ),
    );
  });

  it.each(kinds)("are told of: made fewer under %s", async (_, make) => {
    const bytes = many * Float32Array.BYTES_PER_ELEMENT;
    // Of ES2024, which Node 20 has.
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void };
    const memory = new Resizable(bytes, { maxByteLength: bytes });
    const made = make(new Float32Array(memory));
    memory.resize(bytes - 8);
    await expect(made).rejects.toThrow(`for values[${many - 2}] but received undefined`);
  });
});

it("leaves the numbers of an array as they were", async () => {
  const values: Numbers = Float64Array.of(0.2, 0.9);
  await toLevels(values, [0, 1], new Uint8Array(2));
  expect([...values]).toEqual([0.2, 0.9]);
});
