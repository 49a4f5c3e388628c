// A batch in parts, one after the other, on one device: what it computes, what memory it takes, and what is refused.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Discriminator,
  Generator,
  type Health,
  type Layer,
  layers as l,
  objectives,
  penalties,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import type { TrainerSettings } from "../../lib/trainer/options.js";
import { checkParts, rowsAtOnce } from "../../lib/trainer/parts.js";
import { runCli } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { runAlone, runRanks } from "../helpers/ranks.js";
import { savedWeights, distance } from "../helpers/saved.js";
import {
  collect,
  image,
  labelledImages,
  tinyDiscriminator,
  tinyGenerator,
  tinyTrainer,
} from "../helpers/training.js";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...parts: string[]) => join(folder.path, ...parts);
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const fine = { code: 0, stderr: "" };

describe("a batch in parts", () => {
  let losses: Record<string, number[]>;
  const given = (out: string, accumulate: number) => ({
    ...{ out: at(out), accumulate },
    executions: ["fused", "eager"],
  });
  beforeAll(async () => {
    const whole = await runAlone("train", given("whole", 1));
    expect(whole).toMatchObject(fine);
    losses = JSON.parse(whole.stdout);
  });

  it.each([3, 4])(
    "trains as the whole does, to rounding, whatever is played: %i parts of 8",
    async (parts) => {
      const end = await runAlone("train", given(String(parts), parts));
      expect(end).toMatchObject(fine);
      await compare(String(parts), JSON.parse(end.stdout));
    },
  );

  it("trains so on each of two ranks", async () => {
    for (const rank of await runRanks(2, "train", given("ranks", 2))) {
      expect(rank).toMatchObject(fine);
      await compare("ranks", JSON.parse(rank.stdout));
    }
  });

  async function compare(out: string, told: Record<string, number[]>) {
    expect(Object.keys(told)).toEqual(Object.keys(losses));
    for (const [name, values] of Object.entries(told)) {
      for (const [i, value] of values.entries())
        expect(value, name).toBeCloseTo(losses[name]?.[i] as number, 4);
      const apart = distance(
        await savedWeights(at(out, name)),
        await savedWeights(at("whole", name)),
      );
      expect(apart, name).toBeLessThan(5e-5);
    }
  }

  it("holds the outputs of one part at a time", async () => {
    const most = async (accumulate: number) => {
      const end = await runAlone("grow", { accumulate });
      expect(end).toMatchObject(fine);
      return Number(end.stdout);
    };
    // Two layers of 24 channels hold 25 MB for each of 512 images and their gradients as much.
    expect((await most(1)) - (await most(16))).toBeGreaterThan(100e6);
  });
});

/** A pair in which everything is that a pass changes: statistics, singular vectors, numbers of dropout. */
function moody(options: Partial<TrainerOptions>): Trainer {
  return tinyTrainer({
    generator: new Generator(
      {
        latent: { noise: 5 },
        layers: [l.linear(16), l.batchNorm1d(), l.relu(), l.linear(64), l.unflatten(image)],
      },
      { seed: 0 },
    ),
    discriminator: tinyDiscriminator([l.dropout(0.3), l.spectralNorm(l.linear(8)), l.linear(1)]),
    objective: objectives.hinge({ penalties: [penalties.r1({ every: 3 })] }),
    ...options,
  });
}

const data = await labelledImages(22);

async function ended(trainer: Trainer, steps: number): Promise<Record<string, string>> {
  await collect(trainer.run(data, { steps, batchSize: 8 }));
  const { tensors } = await trainer.snapshot();
  return Object.fromEntries(
    tensors.map(({ name, data }) => [name, Buffer.from(data as Uint8Array).toString("base64")]),
  );
}

describe.each(["eager", "fused"] as const)("parts, %s", (execution) => {
  it("give the same bits for the same seed, and other ones of dropout than the whole", async () => {
    const first = await ended(moody({ accumulate: 4, execution }), 9);
    expect(await ended(moody({ accumulate: 4, execution }), 9)).toEqual(first);
    const whole = await ended(moody({ execution }), 9);
    expect(first["generator.0.weight"]).not.toBe(whole["generator.0.weight"]);
  });

  it("go on from a checkpoint bit for bit", async () => {
    const trainer = moody({ accumulate: 3, execution, ema: { decay: 0.9 } });
    await ended(trainer, 5);
    await trainer.save(at(`half-${execution}`));
    const whole = await ended(trainer, 6);
    const again = await Trainer.load(at(`half-${execution}`));
    expect(await ended(again, 6)).toEqual(whole);
  });

  it("update the statistics of BatchNorm once each, as PyTorch's accumulation does", async () => {
    const batches = async (accumulate: number) => {
      const trainer = moody({ accumulate, execution });
      await collect(trainer.run(await labelledImages(16), { steps: 3, batchSize: 8 }));
      const { tensors } = await trainer.snapshot();
      const counter = tensors.find(({ name }) => name.endsWith("num_batches_tracked"));
      return new BigInt64Array(new Uint8Array(counter?.data as Uint8Array).buffer)[0];
    };
    expect([await batches(1), await batches(4)]).toEqual([3n, 12n]);
  });

  it("tell of the health of the whole batch", async () => {
    const health = async (accumulate: number) => {
      const images = await labelledImages(24);
      const trainer = tinyTrainer({ accumulate, execution });
      return (await collect(trainer.run(images, { steps: 4, batchSize: 12 }))).at(-1)?.health;
    };
    const [whole, parts] = [await health(1), await health(5)].map((one) => one as Health);
    const close = Object.entries(whole as Health).map(([name, value]) => {
      return [name, expect.closeTo(value, 5)];
    });
    expect(parts).toEqual(Object.fromEntries(close));
  });
});

describe("rows that a rank has at once", () => {
  const pair = (last: Layer[]) => ({
    ...{ generator: tinyGenerator(), discriminator: tinyDiscriminator(last) },
    distributed: { worldSize: 2 },
  });
  const free = pair([l.linear(1)]);
  const normed = pair([l.batchNorm1d(), l.linear(1)]);
  const most = (settings: typeof free, batch: number, accumulate = 1) =>
    rowsAtOnce({ ...settings, accumulate } as unknown as TrainerSettings, batch);

  it("are half of a batch, the larger one, and all where halves would be too small", () => {
    expect([1, 2, 3, 7].map((batch) => most(free, batch))).toEqual([1, 1, 2, 4]);
    expect([3, 4, 5, 7].map((batch) => most(normed, batch))).toEqual([3, 2, 3, 4]);
  });

  it("are those of a part, and no fewer than the pair needs", () => {
    expect([most(free, 7, 3), most(free, 7, 9)]).toEqual([2, 1]);
    expect([most(normed, 7, 2), most(normed, 7, 9)]).toEqual([2, 2]);
  });

  it("are told where a part would have too few, by the rank that has fewest", () => {
    const check = (settings: typeof free, batch: number, accumulate: number) => () =>
      checkParts(accumulate, "accumulate", settings as unknown as TrainerSettings, batch);
    expect(check(free, 7, 3)).not.toThrow();
    expect(check(free, 7, 4)).toThrow(
      "Expected a whole number from 1 to 3 (a part has at least 1 of the 3 images that a rank has) for accumulate but received 4",
    );
    expect(check(normed, 4, 2)).toThrow(
      "Expected a whole number from 1 to 1 (a part has at least 2 of the 2 images that a rank has, as BatchNorm trains on more than one) for accumulate but received 2",
    );
  });
});

it("explain() tells of the parts, and that a smaller batch than that has fewer", async () => {
  const told = await tinyTrainer({ accumulate: 4, execution: "fused" }).explain({ batchSize: 32 });
  const whole = await tinyTrainer({ execution: "fused" }).explain({ batchSize: 32 });
  expect(String(told)).toContain("A step on 32 images in 4 parts:");
  expect([told.accumulate, whole.accumulate]).toEqual([4, 1]);
  expect(told.buffers).toBe(whole.buffers / 4);
  expect(told.kind).toBe("planned");
});

it("a smaller last batch has fewer parts", async () => {
  const trainer = tinyTrainer({ accumulate: 8, discriminator: normed() });
  const ticks = await collect(
    trainer.run(await labelledImages(19), { steps: 4, batchSize: 16, tickEvery: 1 }),
  );
  expect(ticks.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
});

const normed = () =>
  new Discriminator({ image, layers: [l.flatten(), l.linear(8), l.batchNorm1d(), l.linear(1)] });

describe("sparring train --accumulate", () => {
  const words = (more: string) =>
    `train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 5 --checkpoint-every 5 ${more}`
      .trim()
      .split(" ");
  beforeAll(() => writeIdxFolder(at("data"), 130));

  it("says so, keeps it, and goes on with it to the same bytes", async () => {
    const parts = "--accumulate 3";
    const whole = await runCli(words(`${parts} --steps 12 --out cli-whole`), folder.path);
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.stderr).toContain("12 steps of 32 images in 3 parts (3 epochs), fused, on cpu");
    await runCli(words(`${parts} --steps 10 --out cli-half`), folder.path);
    const resume = "train --resume --steps 12 --out cli-half".split(" ");
    expect(await runCli(resume, folder.path)).toMatchObject({ code: 0 });
    expect(await contentsOf(at("cli-half"))).toEqual(await contentsOf(at("cli-whole")));
    const config = JSON.parse(await readFile(at("cli-whole/config.json"), "utf8"));
    expect(config.accumulate).toBe(3);
  });

  it("another number of them is another run to a launcher that starts it again", async () => {
    const again = words("--accumulate 2 --steps 12 --restartable --out cli-whole");
    const { code, stderr } = await runCli(again, folder.path);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^Expected 3, as the run in .* has it, for --accumulate but received 2\n/,
    );
  });

  it("--dry-run holds the outputs of one part", async () => {
    const bytes = async (more: string) => {
      const { stdout } = await runCli(words(`--dry-run --json ${more}`), folder.path);
      return JSON.parse(stdout).lowerBounds.bytes;
    };
    expect(await bytes("--accumulate 4")).toBe((await bytes("")) / 4);
  });
});
