// The arithmetic behind the command.
import { describe, expect, it } from "vitest";
import { barWidth, drawn } from "../../lib/cli/bar.js";
import { toNumber } from "../../lib/number-text.js";
import { counted } from "../../lib/count.js";
import { clock } from "../../lib/cli/text.js";
import { TimeLeft } from "../../lib/cli/time-left.js";
import { gridOf } from "../../lib/run/grid.js";
import { Meter } from "../../lib/run/meter.js";
import { Pace } from "../../lib/run/pace.js";

it.each([
  ["7", 7],
  ["-2.5", -2.5],
  ["1e30", 1e30],
  ["9007199254740991", 9007199254740991],
  // What is refused is shown as it was written.
  ["9007199254740993", "9007199254740993"],
  ["-9007199254740993", "-9007199254740993"],
  ["1e400", "1e400"],
  ["0x10", "0x10"],
])("%s of a command line is %j", (text, value) => {
  expect(toNumber(text)).toBe(value);
});

describe("gridOf", () => {
  it("has five columns, or one for each class, of at most a hundred", () => {
    expect(gridOf(0)).toEqual({ columns: 5, count: 25, labels: undefined });
    expect(gridOf(2)).toMatchObject({
      columns: 2,
      count: 10,
      labels: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
    });
    const { columns, count, labels } = gridOf(1000);
    expect([columns, count]).toEqual([100, 500]);
    // Each class has its column.
    expect(labels).toEqual(Array.from({ length: 500 }, (_, i) => i % 100));
  });
});

describe("Meter", () => {
  it("gives the same losses however the steps were cut into pieces", () => {
    const losses = Array.from({ length: 100 }, (_, i) => Math.fround(Math.abs(Math.sin(i + 1))));
    const read = (piece: number) => {
      const meter = new Meter();
      for (let start = 0; start < losses.length; start += piece) {
        const steps = losses.slice(start, start + piece);
        const mean = steps.reduce((sum, loss) => sum + loss, 0) / steps.length;
        const tick = {
          step: 0,
          epoch: 0,
          discriminatorLoss: mean,
          generatorLoss: 2 * mean,
          discriminatorPenalty: mean / 2,
          discriminatorLearningRate: 2e-4,
          generatorLearningRate: 1e-4,
          imagesPerSecond: 64,
          health: undefined,
          warnings: [],
        };
        meter.add(tick, steps.length, 64 * steps.length);
      }
      return meter.read();
    };
    for (const piece of [1, 3, 7, 50]) expect(read(piece)).toEqual(read(100));
    expect(read(7).imagesPerSecond).toBe(64);
    const { discriminatorLoss: loss, discriminatorPenalty: penalty } = read(100);
    expect(penalty).toBeCloseTo(loss / 2, 9);
    expect(read(100)).toMatchObject({ generatorPenalty: undefined, generatorLearningRate: 1e-4 });
  });

  it("tells nine digits of a loss, and a speed in tenths", () => {
    const meter = new Meter();
    const tick = {
      ...{ step: 1, epoch: 0, discriminatorLoss: 1 / 3, generatorLoss: 2 / 3, warnings: [] },
      ...{ discriminatorLearningRate: 2e-4, generatorLearningRate: 1e-4 / 3, health: undefined },
    };
    meter.add({ ...tick, imagesPerSecond: 64.26 }, 1, 64);
    expect(meter.read()).toMatchObject({
      ...{ discriminatorLoss: 0.333333333, generatorLoss: 0.666666667, imagesPerSecond: 64.3 },
      ...{ discriminatorLearningRate: 2e-4, generatorLearningRate: 0.0000333333333 },
    });
  });

  it("goes on from what a checkpoint keeps of it, which by itself is no news", () => {
    const tick = (loss: number) => ({
      ...{ step: 1, epoch: 0, discriminatorLoss: loss, generatorLoss: loss, imagesPerSecond: 64 },
      ...{ discriminatorPenalty: loss / 2, health: undefined, warnings: [] },
      ...{ discriminatorLearningRate: 2e-4, generatorLearningRate: 1e-4 },
    });
    const meter = new Meter();
    expect(meter.isEmpty).toBe(true);
    meter.add(tick(3), 2, 64);
    expect(meter.isEmpty).toBe(false);
    const kept: object = JSON.parse(JSON.stringify(meter));
    const again = Meter.from(kept);
    expect(again.isEmpty).toBe(true);
    again.add(tick(6), 1, 32);
    expect(again.read()).toMatchObject({ discriminatorLoss: 4, discriminatorPenalty: 2 });
    // Of an older version, and of somebody who made it up.
    const older = Meter.from({ ...kept, discriminatorPenalty: undefined });
    older.add(tick(6), 1, 32);
    expect(older.read()).toMatchObject({ discriminatorLoss: 4, discriminatorPenalty: 1 });
    for (const broken of [3, { ...kept, discriminatorPenalty: "9" }, { ...kept, steps: null }]) {
      const fresh = Meter.from(broken);
      fresh.add(tick(6), 1, 32);
      expect(fresh.read()).toMatchObject({ discriminatorLoss: 6, discriminatorPenalty: 3 });
    }
  });
});

describe("Pace", () => {
  it("starts with one step and grows twofold towards its time, never below one", () => {
    const pace = new Pace(0.3);
    const asked = Array.from({ length: 6 }, () => {
      const { steps } = pace;
      pace.learn(steps, steps * 0.02);
      return steps;
    });
    expect(asked).toEqual([1, 2, 4, 8, 15, 15]);
    pace.learn(15, 60);
    expect(pace.steps).toBe(1);
  });
});

describe("TimeLeft", () => {
  it("follows the speed of the last seconds", () => {
    const timeLeft = new TimeLeft();
    timeLeft.learn(10, 10);
    expect(timeLeft.of(5)).toBeCloseTo(5);
    // Ten times as fast for a minute: what came before is forgotten.
    for (let second = 1; second <= 60; ++second) timeLeft.learn(10 + 10 * second, 10 + second);
    expect(timeLeft.of(100)).toBeGreaterThan(10);
    expect(timeLeft.of(100)).toBeLessThan(10.5);
  });

  it("learns nothing of steps that are done again", () => {
    const timeLeft = new TimeLeft();
    timeLeft.learn(10, 10);
    timeLeft.learn(4, 11);
    timeLeft.learn(10, 20);
    expect(timeLeft.of(5)).toBeCloseTo(5);
  });
});

describe("the bar", () => {
  const plain = (_style: string, text: string) => text;

  it("is as wide as its line has room for, and leaves the last column free", () => {
    const beside = "x".repeat(50);
    const widths = [undefined, 60, 200].map((columns) => barWidth({ columns }, beside));
    expect(widths).toEqual([28, 8, 40]);
  });

  it("is full as far as the run is, and not there where it would be too short", () => {
    expect([0, 0.5, 1].map((share) => drawn(share, 8, plain))).toEqual([
      ...["░░░░░░░░", "████░░░░", "████████"],
    ]);
    expect(drawn(0.5, 7, plain)).toBe("");
  });
});

it("shows times and counts as a reader likes them", () => {
  expect([0, 59.6, 725, 3723].map(clock)).toEqual(["0:00", "1:00", "12:05", "1:02:03"]);
  expect([counted(1, "step"), counted(1000, "step")]).toEqual(["1 step", "1,000 steps"]);
});
