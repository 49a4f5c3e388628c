// What fails half way leaves nothing of what was made until then, without waiting for the garbage
// collector.
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  Discriminator,
  Generator,
  type LoadOptions,
  layers as l,
  memoryStats,
  objectives,
  optimizers,
  Trainer,
  type TrainerOptions,
} from "../lib/index.js";
import { type Keep, keeping, keepingNow } from "../lib/keeping.js";
import { withFolder } from "./helpers/networks.js";

describe("what work keeps", () => {
  const freed: string[] = [];
  const thing = (name: string) => ({ [Symbol.dispose]: () => void freed.push(name) });
  beforeEach(() => freed.splice(0));

  const make = (keep: Keep) => {
    keep(thing("first"));
    keep(undefined);
    return keep(thing("second"));
  };
  const fail = (keep: Keep) => {
    make(keep);
    throw new Error("no luck");
  };

  it("stays where it is done", async () => {
    await keeping(async (keep) => make(keep));
    keepingNow(make);
    expect(freed).toEqual([]);
  });

  it("is freed where it fails, the last first", async () => {
    await expect(keeping(async (keep) => fail(keep))).rejects.toThrow("no luck");
    expect(freed).toEqual(["second", "first"]);
  });

  it("is freed at once where the work is done at once", () => {
    expect(() => keepingNow(fail)).toThrow("no luck");
    expect(freed).toEqual(["second", "first"]);
  });
});

describe("a trainer that cannot be made", () => {
  const image = [1, 4, 4] as const;
  const sgd = optimizers.sgd({ lr: 0.1 });
  const withMomentum = optimizers.sgd({ lr: 0.1, momentum: 0.9 });
  const settings = (): TrainerOptions => ({
    generator: new Generator({ latent: { noise: 2 }, layers: [l.linear(16), l.unflatten(image)] }),
    discriminator: new Discriminator({ image, layers: [l.flatten(), l.linear(1)] }),
    objective: objectives.hinge(),
    optimizer: { generator: sgd, discriminator: sgd },
    ema: { decay: 0.9 },
  });
  const tensors = () => memoryStats().tensors;
  /** Soon: the garbage collector would come after some seconds. */
  const left = (count: number) => expect.poll(tensors, { timeout: 1500 }).toBe(count);

  it("leaves no average of the generator", async () => {
    const { generator, discriminator, ...rest } = settings();
    await Promise.all([generator.ready(), discriminator.ready()]);
    const before = tensors();
    discriminator.dispose();
    // A weight and a bias.
    await left(before - 2);
    expect(() => new Trainer({ generator, discriminator, ...rest })).toThrow("was disposed");
    await left(before - 2);
    generator.dispose();
    await left(before - 4);
  });

  it.each<[string, LoadOptions, string]>([
    [
      "with an objective that the networks do not go with",
      { objective: objectives.boundaryEquilibrium() },
      "ERR_ARCHITECTURE",
    ],
    [
      "with an optimizer that needs more than was saved",
      { optimizer: { generator: withMomentum, discriminator: withMomentum } },
      "ERR_CHECKPOINT",
    ],
  ])("%s, from a checkpoint, leaves no networks", async (_, options, code) => {
    await withFolder(async (folder) => {
      const path = join(folder, "saved");
      {
        using trainer = new Trainer(settings());
        await trainer.save(path);
        trainer.generator.dispose();
        trainer.discriminator.dispose();
      }
      await vi.waitFor(() => expect(tensors()).toBe(0));
      await expect(Trainer.load(path, options)).rejects.toMatchObject({ code });
      await left(0);
      using loaded = await Trainer.load(path);
      expect(tensors()).toBeGreaterThan(4);
      loaded.generator.dispose();
      loaded.discriminator.dispose();
    });
  });
});
