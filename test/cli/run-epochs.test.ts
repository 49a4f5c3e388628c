// Steps of a run as epochs, where it went on with batches of another size or another number of them.
import { describe, expect, it } from "vitest";
import { RunEpochs } from "../../lib/run/epochs.js";
import type { RunChange } from "../../lib/run/changes.js";

/** A config of 20 images. */
const configOf = (now: { batch: number; discriminatorSteps: number }, changes: RunChange[] = []) =>
  ({ images: 20, dropLast: false, ...now, changes }) as const;

/** Goes through 20 images as a sampler does, by these batches from these steps on. */
function* played(stretches: readonly { since: number; batch: number; each: number }[]) {
  let [epoch, batch, position, images] = [0, -1, 0, 0];
  for (let step = 0; ; ++step) {
    const now = stretches.findLast(({ since }) => since <= step);
    if (now === undefined) throw new Error("no stretch");
    const isNew = stretches.some(
      ({ since, batch: size }, i) => i > 0 && since === step && size !== stretches[i - 1]?.batch,
    );
    if (isNew) position = 20;
    for (let i = 0; i < now.each; ++i) {
      if (position === 20) [epoch, batch, position] = [epoch + 1, -1, 0];
      const count = Math.min(now.batch, 20 - position);
      [batch, position, images] = [batch + 1, position + count, images + count];
    }
    yield { steps: step + 1, last: { epoch, batch }, images };
  }
}

const change = (step: number, before: object, after: object) => ({ step, before, after });

describe("the epochs of a run that was changed", () => {
  it.each([
    [
      "batches",
      configOf({ batch: 6, discriminatorSteps: 1 }, [change(4, { batch: 8 }, { batch: 6 })]),
      [
        { since: 0, batch: 8, each: 1 },
        { since: 4, batch: 6, each: 1 },
      ],
    ],
    [
      "batches, where an epoch ends",
      configOf({ batch: 20, discriminatorSteps: 1 }, [change(6, { batch: 8 }, { batch: 20 })]),
      [
        { since: 0, batch: 8, each: 1 },
        { since: 6, batch: 20, each: 1 },
      ],
    ],
    [
      "discriminatorSteps, in the middle of an epoch that goes on",
      configOf({ batch: 8, discriminatorSteps: 5 }, [
        change(4, { discriminatorSteps: 1 }, { discriminatorSteps: 5 }),
      ]),
      [
        { since: 0, batch: 8, each: 1 },
        { since: 4, batch: 8, each: 5 },
      ],
    ],
    [
      "both, again and again, and another option between",
      configOf({ batch: 3, discriminatorSteps: 2 }, [
        change(2, { batch: 8, discriminatorSteps: 1 }, { batch: 7, discriminatorSteps: 3 }),
        change(3, { logEvery: 5 }, { logEvery: 6 }),
        change(5, { discriminatorSteps: 3 }, { discriminatorSteps: 2 }),
        change(9, { batch: 7 }, { batch: 3 }),
      ]),
      [
        { since: 0, batch: 8, each: 1 },
        { since: 2, batch: 7, each: 3 },
        { since: 5, batch: 7, each: 2 },
        { since: 9, batch: 3, each: 2 },
      ],
    ],
  ])("are those of a sampler: %s", (_, config, stretches) => {
    const epochs = new RunEpochs(config);
    for (const { steps, last, images } of played(stretches)) {
      expect([steps, epochs.last(steps), epochs.images(steps)]).toEqual([steps, last, images]);
      expect(epochs.count(steps)).toBe(last.epoch + 1);
      if (steps === 40) break;
    }
    expect(epochs.images(0)).toBe(0);
    expect(epochs.batches).toBe(Math.ceil(20 / config.batch));
  });

  it("are over in whole steps, and a new one begins where batches have another size", () => {
    const batches = configOf({ batch: 5, discriminatorSteps: 1 }, [
      change(4, { batch: 8 }, { batch: 5 }),
    ]);
    // The second epoch was left after its first batch.
    expect([1, 2, 3, 4].map((count) => new RunEpochs(batches).steps(count))).toEqual([3, 4, 8, 12]);
    const each = configOf({ batch: 8, discriminatorSteps: 2 }, [
      change(4, { discriminatorSteps: 1 }, { discriminatorSteps: 2 }),
    ]);
    expect([1, 2, 3].map((count) => new RunEpochs(each).steps(count))).toEqual([3, 5, 6]);
    // A step that takes more batches than an epoch has is one all the same.
    const long = configOf({ batch: 10, discriminatorSteps: 5 });
    expect([1, 3, 5].map((count) => new RunEpochs(long).steps(count))).toEqual([1, 1, 2]);
  });
});
