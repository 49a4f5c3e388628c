// What console.log shows of the objects that a user holds.
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { Images, metrics } from "../lib/index.js";
import { madeImages } from "./helpers/networks.js";
import {
  collect,
  conditionalDiscriminator,
  labelledImages,
  tinyDiscriminator,
  tinyGenerator,
  tinyTrainer,
} from "./helpers/training.js";

it("networks: what goes in and comes out, their size and device", () => {
  const generator = tinyGenerator({ noise: 62, classes: 10, codes: 2 });
  expect(inspect(generator)).toBe(
    "Generator { 62 noise, 10 classes, 2 codes → [1, 8, 8], 2,288 parameters, cpu }",
  );
  expect(inspect({ d: tinyDiscriminator() })).toBe(
    "{ d: Discriminator { [1, 8, 8] → logit, 1,057 parameters, cpu } }",
  );
  expect(inspect(conditionalDiscriminator())).toMatch(/^Discriminator \{ \[1, 8, 8\] → logit, /);
  generator.dispose();
  expect(inspect(generator)).toMatch(/, cpu, disposed \}$/);
});

it("trainers: steps, and how they are carried out", async () => {
  const trainer = tinyTrainer({ ema: { decay: 0.9 } });
  expect(inspect(trainer)).toBe("Trainer { eager, cpu }");
  using data = await madeImages(16);
  await collect(trainer.run(data, { steps: 1, batchSize: 4 }));
  expect(inspect(trainer)).toBe("Trainer { 1 step, eager, cpu }");
  await collect(trainer.run(data, { steps: 2, batchSize: 4 }));
  expect(inspect(trainer)).toBe("Trainer { 3 steps, eager, cpu }");
  expect(inspect(await trainer.explain())).toMatch(/^A step on 64 images: /);
  trainer.dispose();
  expect(inspect(trainer)).toBe("Trainer { 3 steps, eager, cpu, disposed }");
  expect(inspect(trainer.ema)).toMatch(/disposed \}$/);
});

it("datasets, images and features: how many of what", async () => {
  const data = await labelledImages(24);
  expect(inspect(data)).toBe("Dataset { 24 × [1, 8, 8], 3 classes }");
  expect(inspect(await data.read(0, 3))).toBe("Images { 3 × [1, 8, 8] }");
  data.dispose();
  expect(inspect(data)).toBe("Dataset { 24 × [1, 8, 8], 3 classes, disposed }");
  expect(inspect(new Images(new Float32Array(2_400), [1_200, 2]))).toBe("Images { 1,200 × [2] }");
  expect(inspect(new metrics.Features(new Float32Array(6), [3, 2]))).toBe(
    'Features { 3 × [2], "given" }',
  );
});
