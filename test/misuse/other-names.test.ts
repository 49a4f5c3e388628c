// What PyTorch, papers and other tools call the options of a program: the name that they have here is told.
import { describe, expect, it } from "vitest";
import {
  architectures,
  Discriminator,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
} from "../../lib/index.js";
import { optionMeant } from "../../lib/other-names.js";
import { labelledImages, tinyTrainer } from "../helpers/training.js";

const image = [1, 32, 32];
const { generator, discriminator } = tinyTrainer();
const adam = optimizers.adam();
const rules = {
  ...{ generator, discriminator, objective: objectives.nonSaturating() },
  optimizer: { generator: adam, discriminator: adam },
};
/** An option that no type lets through. */
const any = (options: object) => options as never;

const trainer = (options: object) => () => new Trainer(any({ ...rules, ...options }));
const latent = (options: object) => () =>
  new Generator({ latent: any({ noise: 4, ...options }), layers: [l.linear(2)] });
const ofAdam = (options: object) => () => optimizers.adam(any(options));
const dcgan = (options: object) => () =>
  architectures.dcgan(any({ latent: { noise: 4 }, image, ...options }));

const rows: [name: string, make: () => unknown, here: string, of: string][] = [
  ["nCritic", trainer({ nCritic: 5 }), "discriminatorSteps", "options"],
  ["n_critic", trainer({ n_critic: 5 }), "discriminatorSteps", "options"],
  ["emaDecay", trainer({ emaDecay: 0.99 }), "ema", "options"],
  ["betas", trainer({ betas: [0, 0.9] }), "optimizer", "options"],
  ["lr", trainer({ lr: 1e-4 }), "optimizer", "options"],
  ["learning_rate", trainer({ learning_rate: 1e-4 }), "optimizer", "options"],
  ["loss", trainer({ loss: "hinge" }), "objective", "options"],
  ["latent_dim", trainer({ latent_dim: 100 }), "generator", "options"],
  ["diff_augment", trainer({ diff_augment: ["color"] }), "diffAugment", "options"],
  ["bf16", trainer({ bf16: true }), "precision", "options"],
  ["reduce_dtype", trainer({ reduce_dtype: "bfloat16" }), "reducePrecision", "options"],
  ["beta1", ofAdam({ beta1: 0.5 }), "betas", "options of adam"],
  ["learning_rate", ofAdam({ learning_rate: 1 }), "lr", "options of adam"],
  ["weight_decay", ofAdam({ weight_decay: 0 }), "weightDecay", "options of adam"],
  ["max_grad_norm", ofAdam({ max_grad_norm: 1 }), "clipGradNorm", "options of adam"],
  ["scheduler", ofAdam({ scheduler: {} }), "schedule", "options of adam"],
  ["latentDim", dcgan({ latentDim: 100 }), "latent", "options"],
  ["nz", latent({ nz: 100 }), "noise", "architecture.latent"],
  ["n_classes", latent({ n_classes: 10 }), "classes", "architecture.latent"],
  ["lambda_gp", () => penalties.wganGp(any({ lambda_gp: 10 })), "weight", "options of wganGp"],
  ["step_size", () => schedules.step(any({ step_size: 3 })), "stepSize", "options of step"],
  [
    "kernel_size",
    () => new Discriminator({ image, layers: [any({ ...l.conv2d(8, 4), kernel_size: 4 })] }),
    "kernelSize",
    "0 (conv2d)",
  ],
];

describe("an option that is called otherwise elsewhere", () => {
  it.each(rows)("%s", (name, make, here, of) => {
    expect(make).toThrow(
      new TypeError(`Expected the option ${here} for ${of} but received "${name}"`),
    );
  });

  it("is refused by run() with its name here", async () => {
    const data = await labelledImages(16);
    for (const [name, here] of [
      ["batch", "batchSize"],
      ["n_epochs", "epochs"],
      ["max_steps", "steps"],
      ["log_interval", "tickEvery"],
      ["drop_last", "dropLast"],
    ] as const) {
      const first = tinyTrainer()
        .run(data, any({ [name]: 1 }))
        .next();
      await expect(first).rejects.toThrow(
        new TypeError(`Expected the option ${here} for options but received "${name}"`),
      );
    }
  });

  it("and that is one of run(), given to the trainer, and the other way round", async () => {
    for (const [name, there] of [
      ["batchSize", "batchSize"],
      ["batch_size", "batchSize"],
      ["steps", "steps"],
      ["n_epochs", "epochs"],
      ["log_interval", "tickEvery"],
      ["signal", "signal"],
      ["dropLast", "dropLast"],
      ["hflip", "horizontalFlip"],
    ] as const)
      expect(trainer({ [name]: 1 })).toThrow(
        new TypeError(
          `Expected no option of run(), as ${there} is, for options but received "${name}"`,
        ),
      );
    const data = await labelledImages(16);
    for (const [name, there] of [
      ["lr", "optimizer"],
      ["n_critic", "discriminatorSteps"],
      ["ema", "ema"],
    ] as const)
      await expect(
        tinyTrainer()
          .run(data, any({ [name]: 1 }))
          .next(),
      ).rejects.toThrow(
        new TypeError(
          `Expected no option of new Trainer(), as ${there} is, for options but received "${name}"`,
        ),
      );
  });

  it("and one that is like none is told which there are", () => {
    expect(trainer({ hidden: 5 })).toThrow(/^Expected only the options generator, .* "hidden"$/);
  });
});

describe("an option that is misspelt", () => {
  it.each<(typeof rows)[number]>([
    ["discriminatorStep", trainer({ discriminatorStep: 2 }), "discriminatorSteps", "options"],
    ["difAugment", trainer({ difAugment: [] }), "diffAugment", "options"],
    ["wieghtDecay", ofAdam({ wieghtDecay: 0 }), "weightDecay", "options of adam"],
    ["clipGradNom", ofAdam({ clipGradNom: 1 }), "clipGradNorm", "options of adam"],
    ["calsses", latent({ calsses: 10 }), "classes", "architecture.latent"],
    ["gama", () => schedules.step(any({ gama: 3 })), "gamma", "options of step"],
    [
      "kernelsize",
      () => new Discriminator({ image, layers: [l.conv2d(8, 3, any({ kernelsize: 3 }))] }),
      "kernelSize",
      "0 (conv2d)",
    ],
    [
      "paddding",
      () => new Discriminator({ image, layers: [l.conv2d(8, 3, any({ paddding: 1 }))] }),
      "padding",
      "0 (conv2d)",
    ],
  ])("%s", (name, make, here, of) => {
    expect(make).toThrow(
      new TypeError(`Expected the option ${here} for ${of} but received "${name}"`),
    );
  });

  it("of a run, or of the trainer where it is like one of those", async () => {
    const data = await labelledImages(16);
    for (const [name, what] of [
      ["stepz", "the option steps"],
      ["bachSize", "the option batchSize"],
      ["generatorStep", "no option of new Trainer(), as generatorSteps is,"],
    ] as const)
      await expect(
        tinyTrainer()
          .run(data, any({ [name]: 3 }))
          .next(),
      ).rejects.toThrow(new TypeError(`Expected ${what} for options but received "${name}"`));
    expect(trainer({ batchSiez: 3 })).toThrow(
      new TypeError(
        'Expected no option of run(), as batchSize is, for options but received "batchSiez"',
      ),
    );
  });

  it("may be like two", () => {
    expect(latent({ closes: 10 })).toThrow(
      new TypeError(
        'Expected the option classes or codes for architecture.latent but received "closes"',
      ),
    );
  });

  it("and of a few names one that is half right is not guessed at: size is no stride", () => {
    const layers = [l.conv2d(8, 3, any({ size: 3 }))];
    expect(() => new Discriminator({ image, layers })).toThrow(
      /^Expected only the options type, name, inChannels, .* for 0 \(conv2d\) but received "size"$/,
    );
  });
});

describe("of two that are meant", () => {
  it.each([
    ["an option of that very name goes first", "lr", ["optimizer", "lr"], "lr"],
    ["the upper row of the table goes first", "learning_rate", ["optimizer", "lr"], "lr"],
    ["the other where the first is not there", "learning_rate", ["optimizer"], "optimizer"],
    ["it is written as it is known", "nz", ["--noise"], "--noise"],
    ["none where neither is there", "nz", ["image"], undefined],
  ])("%s", (_, name, known, meant) => {
    expect(optionMeant(name, known)).toBe(meant);
  });
});
