// Bytes in parts: which, in what order, and that timers have their turn between them.
import { expect, it } from "vitest";
import { inParts, joinBytes } from "../lib/bytes.js";

const mebibyte = 1024 ** 2;

/** The lengths of the parts in MiB, and `turn` where timers had theirs. */
async function partsOf(lengths: readonly number[]): Promise<(number | "turn")[]> {
  const seen: (number | "turn")[] = [];
  let isOver = false;
  const turns = () => {
    if (isOver) return;
    seen.push("turn");
    setImmediate(turns);
  };
  setImmediate(turns);
  const pieces = lengths.map((length) => new Uint8Array(length * mebibyte));
  await inParts(pieces, (part) => seen.push(part.byteLength / mebibyte));
  isOver = true;
  return seen;
}

it.each([
  ["less than 4 MiB at once", [1, 2], [1, 2]],
  ["4 MiB at once", [1, 3], [1, 3]],
  ["what would be more than 4 MiB after a turn", [3, 3], [3, "turn", 3]],
  ["a large piece in parts of 4 MiB", [9], [4, "turn", 4, "turn", 1]],
  ["small pieces beside the end of a large one", [5, 1, 2, 1], [4, "turn", 1, 1, 2, "turn", 1]],
  ["no part of an empty piece", [0, 1, 0], [1]],
])("come %s", async (_, lengths, parts) => {
  expect(await partsOf(lengths)).toEqual(parts);
});

it("are joined in their order, in memory of their own or where it was told to", async () => {
  const pieces = [Uint8Array.of(1, 2), new Uint8Array(0), Buffer.of(3)];
  const whole = await joinBytes(pieces);
  expect(whole).toEqual(Uint8Array.of(1, 2, 3));
  expect(whole.buffer.byteLength).toBe(3);
  const room = new Uint8Array(3);
  expect(await joinBytes(pieces, room)).toBe(room);
  expect(room).toEqual(whole);
});
