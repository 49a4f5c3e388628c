// The config.json of a run: those of older versions, and what makes it none.
import { describe, expect, it } from "vitest";
import { presetNames } from "../../lib/presets.js";
import type { RunConfig } from "../../lib/run/config.js";
import { parseRunConfig, pickConfig } from "../../lib/run/parse-config.js";

const flag = "true or false";
const wholeFrom = (least: number) => `a whole number of at least ${least}`;

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
      heldImages: 0,
      fakes: "same",
      generatorSteps: 1,
      classNames: null,
      resident: true,
      holdOut: 0,
      dropLast: false,
      horizontalFlip: false,
      accumulate: 1,
      syncBatchNorm: false,
      reducePrecision: "float32",
      sampleSeed: 0,
      tensorboard: false,
      evaluateEvery: 0,
      evaluateSamples: 2,
      evaluateFeatures: "classifier",
      from: null,
      fromStep: null,
    });
    const newest = { ...oldest, accumulate: 4, classes: 2, classNames: ["cats", "dogs"] };
    expect(parseRunConfig(newest)).toMatchObject(newest);
  });

  it("has the fakes that each order had where a version did not say", () => {
    const fakesOf = (order: string) => parseRunConfig({ ...oldest, order } as never).fakes;
    expect([fakesOf("generatorFirst"), fakesOf("discriminatorFirst")]).toEqual(["same", "fresh"]);
  });

  it("refuses what is no object", () => {
    expect(() => parseRunConfig([])).toThrow("it is not an object");
  });

  it("refuses a device that is none", () => {
    for (const device of ["tpu", "gpu", 0, undefined])
      expect(() => parseRunConfig({ ...oldest, device })).toThrow("its device is none");
  });

  it("refuses a size that the preset cannot make", () => {
    const config = { ...oldest, preset: "r3gan", size: 33 };
    expect(() => parseRunConfig(config)).toThrow(/\(preset r3gan\) for size but received 33$/);
  });

  it("takes a size of height and width, and two equal sides as one", () => {
    const of = (size: unknown) => pickConfig({ ...oldest, size }, ["size"]).size;
    expect([of(8), of([8, 8]), of([8, 16])]).toEqual([8, 8, [8, 16]]);
    expect(() => of([8])).toThrow("a whole number from 1 to 4096, or [height, width], for size");
    const squares = { ...oldest, preset: "r3gan", size: [32, 64] };
    expect(() => parseRunConfig(squares)).toThrow(
      /\(preset r3gan\) for size but received \[32, 64\]$/,
    );
  });

  it.each<[keyof RunConfig, unknown, string]>([
    ["preset", "stylegan", `one of ${presetNames.join(", ")}`],
    ["data", 1, "a non-empty string"],
    ["images", 0, wholeFrom(1)],
    ["size", 1e9, "a whole number from 1 to 4096"],
    ["channels", "grey", wholeFrom(1)],
    ["classes", 65_537, "a whole number from 0 to 65536"],
    ["classNames", ["cats"], "null or an array of 0 strings"],
    ["resident", 1, flag],
    ["steps", 0, wholeFrom(1)],
    ["batch", 0, wholeFrom(1)],
    ["dropLast", "no", flag],
    ["horizontalFlip", 1, flag],
    ["accumulate", 0, wholeFrom(1)],
    ["fakes", "stale", "one of same, fresh"],
    ["discriminatorSteps", 1.5, "a whole number from 1 to 1000"],
    ["generatorSteps", 0, "a whole number from 1 to 1000"],
    ["syncBatchNorm", 1, flag],
    ["reducePrecision", "float16", "one of float32, bfloat16"],
    ["seed", -1, wholeFrom(0)],
    ["threads", 0, wholeFrom(1)],
    ["sampleEvery", 0, wholeFrom(1)],
    ["sampleSeed", -1, wholeFrom(0)],
    ["logEvery", 0, wholeFrom(1)],
    ["checkpointEvery", 0, wholeFrom(1)],
    ["keepCheckpoints", 0, wholeFrom(1)],
    ["rollbacks", 1001, "a whole number from 0 to 1000"],
    ["tensorboard", 1, flag],
    ["evaluateEvery", -1, wholeFrom(0)],
    ["evaluateSamples", 1, "a whole number from 2 to 1000000"],
    ["evaluateFeatures", "", "a non-empty string"],
    ["from", "", "a non-empty string"],
    ["fromStep", -1, wholeFrom(0)],
  ])("refuses the %s %j", (key, value, what) => {
    expect(() => parseRunConfig({ ...oldest, [key]: value })).toThrow(
      `Expected ${what} for ${key} but received ${JSON.stringify(value)}`,
    );
  });

  it.each(["sampleEvery", "logEvery", "checkpointEvery", "keepCheckpoints", "rollbacks"])(
    "refuses a run that does not say its %s, as every version did",
    (key) => {
      expect(() => parseRunConfig({ ...oldest, [key]: undefined })).toThrow(
        `for ${key} but received undefined`,
      );
    },
  );
});

it("pickConfig looks at nothing but what is asked for", () => {
  const config = { ...oldest, threads: 1e6, steps: "many" };
  expect(() => parseRunConfig(config)).toThrow("for steps");
  expect(pickConfig(config, ["size", "resident"])).toEqual({ size: 8, resident: true });
});
