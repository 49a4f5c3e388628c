// Images, as a stranger makes, shows and saves them.
import { bad, detached, emptied, holed, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import { Images } from "../../lib/index.js";

const shape = [2, 1, 2, 2];
const images = new Images(new Float32Array(8), shape);
const given = emptied(new Images(new Float32Array(8), shape));
const flat = new Images(new Float32Array(8), [2, 4]);
refuses(
  "Images",
  [
    [
      "bytes",
      () => new Images(bad(new Uint8Array(8)), shape),
      "TypeError",
      "Expected a Float32Array for data but received Uint8Array(8 bytes)",
    ],
    [
      "numbers behind a proxy",
      () => new Images(new Proxy(new Float32Array(8), {}), shape),
      "TypeError",
      "Expected a Float32Array for data but received an instance of Float32Array",
    ],
    [
      "what only inherits from Float32Array",
      () => new Images(Object.create(Float32Array.prototype), shape),
      "TypeError",
      "Expected a Float32Array for data but received an instance of Float32Array",
    ],
    [
      "numbers that others can change",
      () => new Images(new Float32Array(new SharedArrayBuffer(32)), shape),
      "TypeError",
      "Expected an array over memory of its own, not shared, for data but received Float32Array(32 bytes)",
    ],
    [
      "numbers whose memory was given away",
      () => new Images(detached(new Float32Array(8)), shape),
      "TypeError",
      "Expected an array whose memory was not transferred away for data but received Float32Array(0 bytes)",
    ],
    [
      "a slice of Images whose numbers were given away",
      () => given.slice(0, 1),
      "TypeError",
      "Expected an array whose memory was not transferred away for data but received Float32Array(0 bytes)",
    ],
    [
      "a picture of Images whose numbers were given away",
      () => given.toPng(),
      "TypeError",
      "Expected an array whose memory was not transferred away for data but received Float32Array(0 bytes)",
    ],
    [
      "a value that cannot be shown",
      () => new Images(bad(unshowable()), shape),
      "TypeError",
      "Expected a Float32Array for data but received { proxy: (unreadable), revoked: (unreadable), x: { y: (unreadable) } }",
    ],
    [
      "no shape",
      () => new Images(new Float32Array(8), bad(undefined)),
      "TypeError",
      "Expected an array of whole numbers for shape but received undefined",
    ],
    [
      "a shape of nothing",
      () => new Images(new Float32Array(8), []),
      "TypeError",
      "Expected an array of whole numbers for shape but received []",
    ],
    [
      "a shape with a side of 0",
      () => new Images(new Float32Array(0), [0, 1, 2, 2]),
      "RangeError",
      "Expected a whole number of at least 1 for shape[0] but received 0",
    ],
    [
      "a shape with a hole",
      () => new Images(new Float32Array(8), holed([2, 1, 4], 1)),
      "TypeError",
      "Expected a whole number of at least 1 for shape[1] but received undefined",
    ],
    [
      "a slice from text",
      () => images.slice(bad("0")),
      "TypeError",
      'Expected a whole number from 0 to 1 for start but received "0"',
    ],
    [
      "a slice from below 0",
      () => images.slice(-1),
      "RangeError",
      "Expected a whole number from 0 to 1 for start but received -1",
    ],
    [
      "a slice to nowhere",
      () => images.slice(0, NaN),
      "RangeError",
      "Expected a whole number from 1 to 2 for end but received NaN",
    ],
    [
      "a slice past the end",
      () => images.slice(0, 3),
      "RangeError",
      "Expected a whole number from 1 to 2 for end but received 3",
    ],
    [
      "columns in place of options",
      () => images.toPng(bad(5)),
      "TypeError",
      "Expected an object for options but received 5",
    ],
    [
      "columns of a fraction",
      () => images.toPng({ columns: 2.5 }),
      "RangeError",
      "Expected a whole number from 1 to 10000 for columns but received 2.5",
    ],
    [
      "columns without end",
      () => images.toPng({ columns: Infinity }),
      "RangeError",
      "Expected a whole number from 1 to 10000 for columns but received Infinity",
    ],
    [
      "padding below 0",
      () => images.toPng({ padding: -1 }),
      "RangeError",
      "Expected a whole number from 0 to 1000 for padding but received -1",
    ],
    [
      "normalize as a number",
      () => images.toPng({ normalize: bad(1) }),
      "TypeError",
      "Expected true or false for normalize but received 1",
    ],
    [
      "a white that float32 cannot hold",
      () => images.toPng({ range: [-1, 1e308] }),
      "RangeError",
      "Expected [black, white] whose values and width a float32 can hold for range but received [-1, 1e+308]",
    ],
    [
      "features as a picture",
      () => flat.toPng(),
      "RangeError",
      "Expected images of shape [count, 1 or 3, height, width] for shape but received [2, 4]",
    ],
    [
      "more pixels than a picture has",
      () =>
        new Images(new Float32Array(20_000), [20_000, 1, 1, 1]).toPng({
          padding: 1000,
          columns: 100,
        }),
      "RangeError",
      "Expected a grid of at most 268402689 pixels for images but received [201200, 101100]",
    ],
    [
      "no path",
      () => images.save(bad(undefined)),
      "TypeError",
      "Expected a non-empty string for path but received undefined",
    ],
    [
      "a path without its ending",
      () => images.save("grid"),
      "TypeError",
      'Expected a path that ends in .png for path but received "grid"',
    ],
    [
      "a path that is only an ending",
      () => images.save(".png"),
      "TypeError",
      'Expected a path that ends in .png for path but received ".png"',
    ],
    [
      "a path with NUL",
      () => images.save("grid\0.png"),
      "TypeError",
      'Expected a path without NUL for path but received "grid\\u0000.png"',
    ],
    [
      "options that are null",
      () => images.save("grid.png", bad(null)),
      "TypeError",
      "Expected an object for options but received null",
    ],
    [
      "a misspelt option",
      () => images.save("grid.png", bad({ cols: 5 })),
      "TypeError",
      'Expected the option columns for options but received "cols"',
    ],
    [
      "a path below nothing",
      () => images.save("runs/grid.png"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "runs/grid.png" (no such file or folder)',
    ],
  ],
  async () => expect((await images.toPng()).length).toBeGreaterThan(0),
);

/** A getter, a proxy and a name that throw when an error wants to show them. */
function unshowable(): unknown {
  const hostile = () => {
    throw new Error("not for you");
  };
  const proxy = new Proxy({}, { get: hostile, ownKeys: hostile, getPrototypeOf: hostile });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  return { proxy, revoked, x: Object.defineProperty({}, "y", { get: hostile, enumerable: true }) };
}

it("Images keep the shape that was checked", () => {
  const given = [2, 1, 2, 2];
  const kept = new Images(new Float32Array(8), given);
  given[0] = 100;
  expect(kept.count).toBe(2);
});
