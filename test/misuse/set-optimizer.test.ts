// Other optimizers in the middle of a training, as a stranger sets them.
import { bad, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import { optimizers } from "../../lib/index.js";
import { labelledImages, losses, tinyTrainer } from "../helpers/training.js";

const { adam, adamW, rmsprop, sgd } = optimizers;
const both = <T>(one: T) => ({ generator: one, discriminator: one });
const trainer = tinyTrainer();
const descending = tinyTrainer({ optimizer: both(sgd()) });
const root = tinyTrainer({ optimizer: both(rmsprop()) });
const set = (optimizer: unknown, of = trainer) => of.setOptimizer(bad(optimizer));

refuses("Trainer.setOptimizer", [
  [
    "nothing",
    () => set(undefined),
    "TypeError",
    "Expected an object { generator, discriminator }, or one of the two, for optimizer but received undefined",
  ],
  [
    "nobody's",
    () => set({ generator: undefined }),
    "TypeError",
    "Expected an object { generator, discriminator }, or one of the two, for optimizer but received { generator: undefined }",
  ],
  [
    "one optimizer for whom it may concern",
    () => set({ type: "adam" }),
    "TypeError",
    'Expected an object { generator, discriminator }, or one of the two, for optimizer but received { type: "adam" }',
  ],
  [
    "a rate by itself",
    () => set({ generator: 1e-4 }),
    "TypeError",
    "Expected an optimizer, as optimizers.adam() makes it, for optimizer.generator but received 0.0001",
  ],
  [
    "null for a player",
    () => set({ generator: adam(), discriminator: null }),
    "TypeError",
    "Expected an optimizer, as optimizers.adam() makes it, for optimizer.discriminator but received null",
  ],
  [
    "PyTorch's name of a player's",
    () => set({ optimizer_G: adam() }),
    "TypeError",
    'Expected only the options generator, discriminator for optimizer but received "optimizer_G"',
  ],
  [
    "a rate of nothing",
    () => set({ generator: { ...adam(), lr: 0 } }),
    "RangeError",
    "Expected a finite number above 0 for lr but received 0 (in optimizer.generator)",
  ],
  [
    "another type",
    () => set({ discriminator: adamW() }),
    "TypeError",
    'Expected "adam", as the trainer has it, for optimizer.discriminator.type but received "adamW"',
  ],
  [
    "largest squares that nobody remembered",
    () => set({ discriminator: adam({ amsgrad: true }) }),
    "RangeError",
    "Expected false, as nothing has been remembered for it so far, for optimizer.discriminator.amsgrad but received true",
  ],
  [
    "momentum that nobody remembered",
    () => set({ generator: sgd({ momentum: 0.9 }) }, descending),
    "RangeError",
    "Expected 0, as nothing has been remembered for it so far, for optimizer.generator.momentum but received 0.9",
  ],
  [
    "a ramp of it",
    () => set(both(sgd({ momentum: { from: 0, to: 0.9, steps: 5 } })), descending),
    "RangeError",
    "Expected 0, as nothing has been remembered for it so far, for optimizer.generator.momentum but received { from: 0, to: 0.9, steps: 5 }",
  ],
  [
    "a mean that nobody remembered",
    () => set({ generator: rmsprop({ centered: true }) }, root),
    "RangeError",
    "Expected false, as nothing has been remembered for it so far, for optimizer.generator.centered but received true",
  ],
]);

it("Trainer.setOptimizer: after all of that the trainer trains as one that nobody misused", async () => {
  const images = await labelledImages(24);
  expect(await losses(trainer, images, 4)).toEqual(await losses(tinyTrainer(), images, 4));
});
