// What somebody changes in an object that was given away: it is plain data, and nobody looks at it again. What a network
// or a dataset goes on by cannot be changed at all.
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import {
  auxiliaries,
  datasets,
  type DiscriminatorArchitecture,
  Discriminator,
  Generator,
  type GeneratorArchitecture,
  layers as l,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
} from "../lib/index.js";
import { freshPaths } from "./helpers/checkpoints.js";
import { classes, image, labelledImages, tinyTrainer } from "./helpers/training.js";

const fresh = await freshPaths();
const data = await labelledImages(16);
const { adam, rmsprop } = optimizers;

/** Makes every number, flag and word another, every list longer, and every object larger. */
function spoil(value: unknown): void {
  if (value === null || typeof value !== "object") return;
  const object = value as Record<string, unknown>;
  for (const [key, one] of Object.entries(object)) {
    spoil(one);
    if (typeof one === "number") object[key] = 2 * one + 1;
    else if (one === undefined || typeof one !== "object") object[key] = "spoiled";
  }
  if (Array.isArray(value)) value.push("spoiled");
  else object.spoiled = true;
}

const generatorOf = (): GeneratorArchitecture => ({
  latent: { noise: 4, classes },
  range: [0, 1],
  init: { type: "normal", std: 0.05 },
  layers: [
    ...[l.linear(32), l.unflatten([2, 4, 4]), l.batchNorm2d(), l.upsample(2)],
    l.residual([l.conv2d(2, [3, 3], { padding: [1, 1] }), l.relu()]),
    ...[l.conv2d(1, 3, { padding: 1 }), l.sigmoid()],
  ],
});
const discriminatorOf = (): DiscriminatorArchitecture => ({
  image: [...image],
  range: [0, 1],
  layers: [
    ...[l.spectralNorm(l.conv2d(4, 3, { stride: 2 })), l.leakyRelu(0.2), l.flatten()],
    l.heads({ score: [l.linear(1)], classes: [l.linear(classes)] }),
  ],
});
const schedule = schedules.warmUp({ steps: 2, schedule: schedules.multiStep({ milestones: [1] }) });
const rulesOf = () => ({
  objective: objectives.nonSaturating({
    ...{ penalties: [penalties.r1({ weight: 2 })], auxiliaries: [auxiliaries.acgan()] },
    labelSmoothing: 0.1,
  }),
  optimizer: {
    generator: adam({ betas: [0.5, 0.9], schedule: { ...schedule } }),
    discriminator: rmsprop({ lr: 1e-3, clipGradNorm: 1 }),
  },
  ...{ ema: { decay: 0.9 }, diffAugment: ["color" as const] },
  frozen: { generator: ["0.bias"], discriminator: 0 },
});

/** All that a training leaves of what it went by, where its objects are spoiled at some time. */
async function trained(spoiled?: "networks" | "rules" | "all in the loop"): Promise<string[]> {
  const architectures = [generatorOf(), discriminatorOf()] as const;
  const [rules, run] = [rulesOf(), { steps: 4, batchSize: 8, tickEvery: 1 }];
  using generator = new Generator(architectures[0], { seed: 1 });
  using discriminator = new Discriminator(architectures[1]);
  if (spoiled === "networks") spoil(architectures);
  using trainer = new Trainer({ generator, discriminator, ...rules });
  if (spoiled === "rules") spoil(rules);
  for await (const tick of trainer.run(data, run))
    if (spoiled === "all in the loop" && tick.step === 1) spoil([architectures, rules, run, tick]);
  const path = fresh();
  await trainer.save(path);
  const checkpoint = await readFile(`${path}/checkpoint.json`, "utf8");
  return [checkpoint, generator.toPyTorch(), discriminator.toPyTorch()];
}

it.each(["networks", "rules", "all in the loop"] as const)(
  "%s: changes nothing, neither of what is trained nor of what is saved",
  async (spoiled) => {
    const wanted = await trained();
    expect(JSON.parse(wanted[0] as string).step).toBe(4);
    expect(await trained(spoiled)).toEqual(wanted);
  },
);

it("setOptimizer() takes what stood there when it was called", async () => {
  using trainer = tinyTrainer();
  const generator = { ...adam({ lr: 1e-4 }) };
  const changed = trainer.setOptimizer({ generator });
  spoil(generator);
  await changed;
  expect(trainer.settings.optimizer.generator).toEqual(adam({ lr: 1e-4 }));
});

it("Trainer.load() takes what stood there when it was called", async () => {
  const path = fresh();
  using before = tinyTrainer();
  await before.save(path);
  const options = { ema: { decay: 0.5 }, ada: { transforms: ["blit" as const], p: 0.5 } };
  const loading = Trainer.load(path, options);
  spoil(options);
  using trainer = await loading;
  const { ema, ada } = trainer.settings;
  expect(ema).toMatchObject({ decay: 0.5 });
  expect(ada).toMatchObject({ transforms: ["blit"], p: 0.5 });
});

it("what networks, datasets and streams go on by is frozen", async () => {
  using generator = new Generator(generatorOf());
  using discriminator = new Discriminator(discriminatorOf());
  const stream = datasets.stream(() => [], { image: [...image] });
  for (const one of [generator, discriminator, data, stream])
    expect(() => spoil(one.image)).toThrow("read only");
  for (const one of [generator, discriminator]) {
    expect(() => spoil(one.range)).toThrow("read only");
    expect(() => spoil(one.architecture.layers)).toThrow("read only");
  }
});
