// spectralNorm of a projection: what its twins and the scripts of test/parity do not show.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Layer, layers as l, objectives, Trainer } from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { fingerprintOf } from "../helpers/presets.js";
import {
  classes,
  labelledImages,
  losses,
  tinyDiscriminator,
  tinyTrainer,
} from "../helpers/training.js";

const trainerOf = (last: Layer, execution: "eager" | "fused") =>
  tinyTrainer({
    latent: { noise: 5, classes },
    discriminator: tinyDiscriminator([last], { classes }),
    objective: objectives.hinge(),
    execution,
  });

describe.each(["eager", "fused"] as const)("spectralNorm of a projection, %s", (execution) => {
  it("goes on from a checkpoint bit for bit", () =>
    withFolder(async (folder) => {
      const make = () => trainerOf(l.spectralNorm(l.projection()), execution);
      using data = await labelledImages(32);
      using whole = make();
      using cut = make();
      const all = await losses(whole, data, 6);
      const first = await losses(cut, data, 2);
      const path = join(folder, "checkpoint");
      await cut.save(path);
      using loaded = await Trainer.load(path);
      expect([...first, ...(await losses(loaded, data, 4))]).toEqual(all);
      expect(await fingerprintOf(loaded)).toBe(await fingerprintOf(whole));
    }));

  it("is explained as the projection is: by the same products", async () => {
    using plain = trainerOf(l.projection(), execution);
    using normed = trainerOf(l.spectralNorm(l.projection()), execution);
    const of = async (trainer: Trainer) => (await trainer.explain()).discriminator.at(-1);
    expect(await of(normed)).toEqual(await of(plain));
    expect((await of(normed))?.flops).toBe(2 * 64 * 2 * 16);
  });
});
