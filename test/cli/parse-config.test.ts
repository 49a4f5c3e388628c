// The config.json of a run: those of older versions, and what makes it none.
import { describe, expect, it } from "vitest";
import { parseRunConfig, pickConfig } from "../../lib/run/parse-config.js";

/** As the first version wrote it, as far as a run goes on by it. */
const oldest = {
  preset: "mlp",
  data: "mnist",
  images: 128,
  size: 8,
  channels: 1,
  steps: 10,
  batch: 32,
  discriminatorSteps: 1,
  device: "cpu",
  threads: 1,
  seed: 7,
  sampleEvery: 4,
  logEvery: 3,
  checkpointEvery: 5,
  keepCheckpoints: 3,
  rollbacks: 0,
  optimizer: { of: "its own" },
};

describe("parseRunConfig", () => {
  it("fills in what older versions did not write, and leaves the rest as it is", () => {
    expect(parseRunConfig(oldest)).toEqual({
      ...oldest,
      fakes: "same",
      classes: 0,
      classNames: null,
      resident: true,
      dropLast: false,
      accumulate: 1,
      syncBatchNorm: false,
      sampleSeed: 0,
      tensorboard: false,
      evaluateEvery: 0,
      evaluateSamples: 2,
      evaluateFeatures: "classifier",
    });
    const newest = { ...oldest, accumulate: 4, classes: 2, classNames: ["cats", "dogs"] };
    expect(parseRunConfig(newest)).toMatchObject(newest);
  });

  it.each([
    [[], "it is not an object"],
    [{ ...oldest, preset: "stylegan" }, /^Expected one of .* for preset but received "stylegan"$/],
    [{ ...oldest, device: "tpu" }, "its device is none"],
    [{ ...oldest, steps: 0 }, "Expected a whole number of at least 1 for steps but received 0"],
    [
      { ...oldest, rollbacks: 1001 },
      "Expected a whole number from 0 to 1000 for rollbacks but received 1001",
    ],
    [
      { ...oldest, evaluateSamples: 1 },
      "Expected a whole number from 2 to 1000000 for evaluateSamples but received 1",
    ],
    [{ ...oldest, dropLast: "no" }, 'Expected true or false for dropLast but received "no"'],
    [{ ...oldest, preset: "r3gan", size: 33 }, /\(preset r3gan\) for size but received 33$/],
    [
      { ...oldest, classNames: ["cats"] },
      'Expected null or an array of 0 strings for classNames but received ["cats"]',
    ],
  ])("refuses %o", (config, why) => {
    expect(() => parseRunConfig(config)).toThrow(why);
  });
});

it("pickConfig looks at nothing but what is asked for", () => {
  const config = { ...oldest, threads: 1e6, steps: "many" };
  expect(() => parseRunConfig(config)).toThrow("for steps");
  expect(pickConfig(config, ["size", "resident"])).toEqual({ size: 8, resident: true });
});
