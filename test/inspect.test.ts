// What console.log shows of the objects that a user holds.
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { datasets, Discriminator, Images, layers as l, metrics } from "../lib/index.js";
import { madeImages } from "./helpers/networks.js";
import {
  collect,
  conditionalDiscriminator,
  tinyAutoencoder,
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
  expect(inspect(tinyAutoencoder())).toMatch(/^Discriminator \{ \[1, 8, 8\] → energy, /);
  expect(inspect(conditionalDiscriminator())).toMatch(/^Discriminator \{ \[1, 8, 8\] → logit, /);
  const patches = [l.conv2d(1, 5)];
  expect(inspect(new Discriminator({ image: [1, 8, 6], layers: patches }))).toBe(
    "Discriminator { [1, 8, 6] → 4 × 2 logits, 26 parameters, cpu }",
  );
  const likely = new Discriminator({ image: [1, 8, 8], layers: [...patches, l.sigmoid()] });
  expect(inspect(likely)).toMatch(/^Discriminator \{ \[1, 8, 8\] → 4 × 4 probabilities, /);
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

it("runs: how far they are, and whether they go on", async () => {
  using trainer = tinyTrainer();
  using data = await madeImages(16);
  const run = trainer.run(data, { steps: 1_200, batchSize: 4, tickEvery: 2 });
  expect(inspect(run)).toBe("Run { not begun }");
  const tick = run.next();
  expect(inspect(run)).toBe("Run { 0 of 1,200 steps, training }");
  await tick;
  expect(inspect(run)).toBe("Run { 2 of 1,200 steps, at a tick }");
  const next = trainer.run(data, { steps: 1, batchSize: 4 });
  await next.next();
  expect(inspect(run)).toBe("Run { 2 of 1,200 steps, replaced by another }");
  await next.next();
  expect(inspect(next)).toBe("Run { 1 of 1 step, ended }");
  await run.return();
  expect(inspect(run)).toBe("Run { 2 of 1,200 steps, ended }");
});

it("JSON has what a user can read, and nothing of the inside", async () => {
  const generator = tinyGenerator();
  const discriminator = tinyDiscriminator();
  const { architecture } = generator;
  expect(JSON.parse(JSON.stringify(generator))).toEqual({ device: "cpu", architecture });
  expect(JSON.parse(JSON.stringify(discriminator))).toEqual({
    device: "cpu",
    architecture: discriminator.architecture,
    scores: "logit",
  });
  using data = await madeImages(16);
  expect(Object.keys(data)).not.toContain("native");
  using trainer = tinyTrainer({ generator, discriminator, ema: { decay: 0.9 } });
  const told = () => JSON.parse(JSON.stringify(trainer));
  const pair = JSON.parse(JSON.stringify({ generator, discriminator, ema: generator }));
  expect(told()).toEqual({ step: 0, execution: "eager", ...pair });
  await collect(trainer.run(data, { steps: 3, batchSize: 4 }));
  expect(told().step).toBe(3);
  const source = [new Float32Array(64)];
  const stream = datasets.stream(source, { image: [1, 8, 8], range: [-1, 1] });
  const fields = ["image", "dtype", "classes", "length", "shuffle", "seed", "prefetch"];
  expect(Object.keys(stream)).toEqual(fields);
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
  const statistics = await metrics.statistics(new metrics.Features(new Float32Array(6), [3, 2]));
  expect(inspect(statistics)).toBe('Statistics { 3 × [2], "given" }');
});
