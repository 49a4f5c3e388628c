// Work on many things at once: how many at a time, in what order, and what ends it.
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { inParallel } from "../../lib/data/parallel.js";

it("works on all of them, so many at a time, in their order", async () => {
  const begun: number[] = [];
  let [open, most] = [0, 0];
  await inParallel(10, 3, async (index) => {
    begun.push(index);
    open += 1;
    most = Math.max(most, open);
    await setImmediate();
    open -= 1;
  });
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([open, most]).toEqual([0, 3]);
});

it("begins nothing after the first failure, and throws it when what had begun is over", async () => {
  const begun: number[] = [];
  let over = 0;
  const work = inParallel(100, 3, async (index) => {
    begun.push(index);
    if (index === 1) throw new Error("the first");
    await setImmediate();
    over += 1;
    if (index === 2) throw new Error("the second");
  });
  await expect(work).rejects.toThrow("the first");
  expect([begun, over]).toEqual([[0, 1, 2], 2]);
});

it("begins nothing after its signal, whose reason it throws", async () => {
  const stop = new AbortController();
  const begun: number[] = [];
  const why = new Error("enough");
  const work = async (index: number) => {
    begun.push(index);
    if (index === 4) stop.abort(why);
  };
  await expect(inParallel(100, 1, work, stop.signal)).rejects.toBe(why);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  await inParallel(0, 3, work, AbortSignal.abort());
});
