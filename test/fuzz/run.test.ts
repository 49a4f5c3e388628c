// What a run is asked for and what it writes: options, choices as JSON, architectures as JSON, names of folders.
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import { resolveDiscriminator, resolveGenerator } from "../../lib/architecture.js";
import { show } from "../../lib/errors.js";
import {
  auxiliaries,
  layers as l,
  objectives,
  optimizers,
  penalties,
  schedules,
} from "../../lib/index.js";
import { layerKinds } from "../../lib/layers/table.js";
import { checkObjective } from "../../lib/objectives/table.js";
import { checkOptimizer } from "../../lib/optimizers/table.js";
import { presetNames } from "../../lib/presets.js";
import { Checkpoints } from "../../lib/run/checkpoints.js";
import { Evaluations } from "../../lib/run/evaluations.js";
import { RunFolder } from "../../lib/run/folder.js";
import { parseRunConfig } from "../../lib/run/parse-config.js";
import { planRun } from "../../lib/run/plan.js";
import { makeFolder } from "../helpers/folder.js";
import { anything, holds, readOrRefuse } from "../helpers/fuzz.js";
import { tinyTrainer } from "../helpers/training.js";

const numbers = fc.oneof(
  fc.nat(100),
  fc.double(),
  fc.constantFrom(2 ** 53, -1, 0.5, -0, Number.NaN),
);
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("__proto__", "..", "/", "a\0b"),
);
const value = fc.oneof(numbers, texts, anything, fc.constant(undefined));
const or = <T>(...likely: T[]) => fc.oneof(fc.constantFrom(...likely), value);

const requests = fc.record(
  {
    preset: or<unknown>(...presetNames),
    data: or("mnist"),
    size: or(8, 32, 64),
    channels: or(1, 3),
    steps: or(1, 100),
    epochs: or(1),
    batch: or(1, 64),
    lr: or(1e-3),
    execution: or("eager", "fused"),
    device: or("auto", "cpu", "cuda:1"),
    threads: or(1),
    seed: or(0, 7),
    sampleEvery: or(100),
    logEvery: or(100),
    out: or("runs/x"),
  },
  { requiredKeys: [] },
);

describe("what a stranger asks of a run", () => {
  holds("is a plan or a sentence, and the same each time", requests, async (request) => {
    const naming = (option: string) => `--${option}`;
    const ask = () =>
      planRun({ ...request, seed: request.seed ?? 1, out: request.out ?? "x" }, naming);
    const plan = await readOrRefuse(ask);
    if (plan === undefined) return;
    expect(ask()).toEqual(plan);
    expect(presetNames).toContain(plan.preset);
    expect(Object.values(plan).every((one) => !Number.isNaN(one))).toBe(true);
  });
});

const penalty = fc.record({
  make: fc.constantFrom(
    penalties.r1,
    penalties.r2,
    penalties.wganGp,
    penalties.wganDiv,
    penalties.dragan,
  ),
  options: fc.record(
    {
      weight: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
      every: fc.integer({ min: 1, max: 99 }),
    },
    { requiredKeys: [] },
  ),
});
const chosen = fc
  .tuple(
    fc.constantFrom(
      "minimax",
      "nonSaturating",
      "leastSquares",
      "hinge",
      "relativisticPaired",
      "relativisticAverage",
      "boundarySeeking",
      "energyBased",
      "boundaryEquilibrium",
      "softmax",
      "formula",
      "fDivergence" as const,
    ),
    fc.uniqueArray(penalty, { selector: ({ make }) => make, maxLength: 4 }),
    fc.subarray([auxiliaries.acgan(), auxiliaries.infogan({ continuous: 3 })]),
  )
  .map(([name, all, others]) =>
    objectives[name as "hinge"]({
      penalties: all.map(({ make, options }) => make(options)),
      auxiliaries: others,
    }),
  );
const rate = fc.double({ min: 1e-9, max: 1, noNaN: true });
const schedule = fc.oneof(
  fc.constant(schedules.constant()),
  fc.integer({ min: 1 }).map((steps) => schedules.linear({ steps, to: 0.5 })),
  fc.double({ min: 0.1, max: 1, noNaN: true }).map((gamma) => schedules.exponential({ gamma })),
  fc.integer({ min: 1 }).map((steps) => schedules.cosine({ steps })),
  fc.integer({ min: 1 }).map((stepSize) => schedules.step({ stepSize })),
  fc.integer({ min: 1 }).map((first) => schedules.multiStep({ milestones: [first, first + 1] })),
);
const optimizer = fc
  .tuple(
    fc.constantFrom("adam", "adamW", "sgd", "rmsprop" as const),
    rate,
    schedule,
    fc.option(rate, { nil: undefined }),
  )
  .map(([name, lr, schedule, clipGradNorm]) =>
    optimizers[name as "adam"]({ lr, schedule, clipGradNorm }),
  );

/** What a formula is made of, and what looks like it. */
const word = fc.constantFrom(
  ...["real", "fake", "real", "fake", "1", "0.5", "1e99", "+", "-", "*", "/", "**", "(", ")", ","],
  ...[
    "tanh(fake)",
    "max(",
    "pow(fake, 2)",
    "mean(real)",
    "sin(fake)",
    "fake.real",
    "[fake]",
    "'a'",
  ],
);

const throughFile = (choice: unknown): unknown => JSON.parse(JSON.stringify(choice));
/** A sound value with a field that is something else. */
const forge = <T extends object>(sound: fc.Arbitrary<T>) =>
  fc.tuple(sound, fc.nat(), value).map(([one, place, other]) => {
    const keys = Object.keys(one);
    return { ...one, [keys[place % keys.length] as string]: other };
  });

describe("a choice", () => {
  holds("of an objective comes back from a file as it was", chosen, (one) => {
    expect(checkObjective(throughFile(one), "objective")).toEqual(one);
  });
  holds("of an optimizer comes back from a file as it was", optimizer, (one) => {
    expect(checkOptimizer(throughFile(one), "optimizer")).toEqual(one);
  });
  holds(
    "that a stranger wrote is an objective or a sentence",
    fc.oneof(anything, forge(chosen)),
    async (one) => {
      const found = await readOrRefuse(() => checkObjective(one, "objective"));
      if (found !== undefined)
        expect(checkObjective(throughFile(found), "objective")).toEqual(found);
    },
  );
  holds(
    "of a text that a stranger wrote is a formula or a sentence",
    fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(" ")),
    ),
    async (text) => {
      const options = { generator: text, discriminator: `${text} + real - fake` };
      const found = await readOrRefuse(() => objectives.formula(options));
      if (found === undefined) return;
      using trainer = tinyTrainer({ objective: found });
      await trainer.plan(4); // for which native code reads it, too
    },
  );
  holds(
    "that a stranger wrote is an optimizer or a sentence",
    fc.oneof(anything, forge(optimizer)),
    async (one) => {
      const found = await readOrRefuse(() => checkOptimizer(one, "optimizer"));
      if (found !== undefined)
        expect(checkOptimizer(throughFile(found), "optimizer")).toEqual(found);
    },
  );
});

/** Layers that are nearly right. */
const { layer } = fc.letrec<{ layer: unknown; layers: unknown }>((tie) => ({
  layer: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(
      l.linear(4),
      l.relu(),
      l.flatten(),
      l.unflatten([1, 2, 2]),
      l.conv2d(2, 1),
      l.batchNorm1d(),
    ),
    value,
    fc
      .tuple(
        fc.constantFrom(...layerKinds),
        fc.dictionary(fc.nat(4).map(String), fc.oneof(numbers, value)),
        tie("layers"),
        or<unknown>(undefined, "a"),
      )
      .map(([[type, kind], fields, layers, name]) => {
        const options = Object.entries(fields).map(([index, one]) => [
          kind.options[Number(index) % Math.max(1, kind.options.length)] ?? "name",
          one,
        ]);
        return {
          type,
          name,
          ...Object.fromEntries(options),
          ...(kind.options.includes("layers") ? { layers } : {}),
        };
      }),
  ),
  layers: fc.oneof({ depthSize: "small" }, fc.array(tie("layer"), { maxLength: 3 }), value),
}));
const architecture = fc.record({
  latent: or<unknown>({ noise: 4 }),
  image: or<unknown>([1, 2, 2], [4]),
  layers: fc.oneof(fc.array(layer, { maxLength: 4 }), value),
});

describe("an architecture", () => {
  holds(
    "that a stranger wrote is a network or a sentence",
    architecture,
    async ({ latent, image, layers }) => {
      await readOrRefuse(() => resolveGenerator({ latent, layers } as never));
      await readOrRefuse(() => resolveDiscriminator({ image, layers } as never));
    },
  );
});

const root = await makeFolder();
afterAll(() => root.remove());
// Deep enough that no path of the test climbs out of it; `link` leads away from where it is.
const start = join(root.path, "1/2/3/4/5/6");
mkdirSync(join(root.path, "elsewhere"));
const parts = fc.constantFrom(
  "a",
  "b",
  "..",
  ".",
  "",
  "link",
  "a\0b",
  "é\n",
  "x".repeat(300),
  "con fig",
  "-rf",
  "~",
);
const paths = fc.array(parts, { minLength: 1, maxLength: 6 }).map((all) => all.join("/"));
const tick = fc.record({
  step: fc.nat(),
  discriminatorLoss: fc.double({ noNaN: true, noDefaultInfinity: true }),
  seconds: fc.nat(),
});

async function tree(): Promise<string[]> {
  const found = await readdir(root.path, { recursive: true, withFileTypes: true });
  return found.map((entry) => join(entry.parentPath, entry.name)).sort();
}

describe("a run folder", () => {
  holds(
    "is where the path says and nowhere else, or not at all; its lines are what was told",
    fc.tuple(paths, tick),
    async ([path, told]) => {
      await rm(join(root.path, "1"), { recursive: true, force: true });
      await mkdir(start, { recursive: true });
      symlinkSync(join(root.path, "elsewhere"), join(start, "link"));
      const before = await tree();
      const chosen = path.startsWith("/") ? `${start}${path}` : `${start}/${path}`;
      const folder = await readOrRefuse(() =>
        RunFolder.create({ path: chosen, name: "--out", chosen: true }, { told }),
      );
      const more = (await tree()).filter((one) => !before.includes(one));
      if (folder === undefined) return expect(more).toEqual([]);
      await folder.appendStats(told);
      const home = resolve(chosen);
      for (const one of more)
        expect(one.startsWith(`${home}/`) || home.startsWith(one) || home.includes("/link")).toBe(
          true,
        );
      const text = readFileSync(join(chosen, "stats.jsonl"), "utf8");
      expect(text.endsWith("\n")).toBe(true);
      expect(JSON.parse(text)).toEqual(throughFile(told));
      await rm(join(root.path, "elsewhere"), { recursive: true });
      await mkdir(join(root.path, "elsewhere"));
    },
  );
});

const config = {
  preset: "mlp",
  data: "mnist",
  images: 128,
  size: 8,
  channels: 1,
  classes: 0,
  steps: 10,
  batch: 32,
  discriminatorSteps: 1,
  generatorSteps: 2,
  device: "cpu",
  threads: 1,
  sampleEvery: 4,
  logEvery: 3,
  checkpointEvery: 5,
  keepCheckpoints: 3,
  rollbacks: 0,
};
const edited = fc
  .tuple(fc.constantFrom(...Object.keys(config), "classNames", "tensorboard"), fc.jsonValue())
  .map(([key, other]) => ({ ...config, [key]: other }));

describe("the config.json of a run", () => {
  holds(
    "that a stranger wrote or edited is one to go on with, or a sentence",
    fc.oneof(edited, fc.jsonValue()),
    async (one) => {
      const found = await readOrRefuse(() => parseRunConfig(one), /^(Expected |it is |its )/);
      if (found !== undefined) expect(parseRunConfig(throughFile(found))).toEqual(found);
    },
  );
});

/** JSON that is nearly what stands in such a file, and lines of anything. */
const written = (...likely: unknown[]) => fc.oneof(fc.constantFrom(...likely), fc.jsonValue());
const evaluation = fc.record(
  { step: written(3, 6), values: written({ fid: 2 }, { fid: null }) },
  { requiredKeys: [] },
);
const line = fc.oneof(
  evaluation.map((one) => JSON.stringify(one)),
  fc.json(),
  texts,
);

describe("files of evaluations", () => {
  holds(
    "whatever is in them, a run goes on",
    fc.record({ lines: fc.array(line, { maxLength: 4 }), best: line, step: fc.nat(9) }),
    async ({ lines, best, step }) => {
      const home = join(root.path, "judged");
      const checkpoints = join(home, "checkpoints");
      await mkdir(join(checkpoints, "000003"), { recursive: true });
      await writeFile(join(home, "evaluations.jsonl"), lines.join("\n"));
      await writeFile(join(checkpoints, "best.json"), best);
      const kept = new Checkpoints(checkpoints);
      const found = await kept.best();
      expect(found === undefined || found.step === 3).toBe(true);
      const left = await new Evaluations(join(home, "evaluations.jsonl")).cut(step);
      expect(left.every((one) => one.step <= step)).toBe(true);
      await kept.recallBest(left);
      const recalled = await kept.best();
      const fids = left.filter((one) => one.step === 3 && Number.isFinite(one.values.fid));
      expect(recalled?.value).toBe(
        fids.map(({ values }) => values.fid as number).toSorted((a, b) => a - b)[0],
      );
    },
  );
});

describe("any value in an error", () => {
  holds("is a line, and no error of its own", anything, (one) => {
    const shown = show(one);
    if (shown.length > 720 || /\p{Cc}/u.test(shown)) throw new Error(`not a line: ${shown}`);
  });
});
