// Trainers, as a stranger makes them.
import { bad, holed, type Row, refuses } from "../helpers/misuse.js";
import {
  Discriminator,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  Trainer,
} from "../../lib/index.js";
import { tinyDiscriminator, tinyGenerator } from "../helpers/training.js";

const generator = tinyGenerator();
const discriminator = tinyDiscriminator();
const adam = optimizers.adam();
const normed = new Discriminator({
  image: [1, 8, 8],
  layers: [l.conv2d(4, 3), l.batchNorm2d(), l.flatten(), l.linear(1)],
});
const colour = new Discriminator({ image: [3, 8, 8], layers: [l.flatten(), l.linear(1)] });
const gone = tinyGenerator();
gone.dispose();
// As a discriminator on a GPU is; not every machine has one.
const elsewhere = Object.defineProperty(tinyDiscriminator(), "device", { value: "cuda:0" });
const comparing = new Discriminator({
  image: [1, 8, 8],
  layers: [l.minibatchStdDev(), l.flatten(), l.linear(1)],
});
// All that it has are sums.
const fixed = new Discriminator({ image: [1, 8, 8], layers: [l.globalSumPool2d()] });
const discriminating = tinyDiscriminator([l.minibatchDiscrimination(4), l.linear(1)]);
const make = (options: object) =>
  new Trainer(
    bad({
      generator,
      discriminator,
      objective: objectives.hinge(),
      optimizer: { generator: adam, discriminator: adam },
      ...options,
    }),
  );

const unsaved = make({});
const save = (path: unknown, ...options: unknown[]) => unsaved.save(bad(path), ...(options as []));

refuses("Trainer.save", [
  [
    "no path",
    () => save(undefined),
    "TypeError",
    "Expected a non-empty string for path but received undefined",
  ],
  [
    "true in place of options",
    () => save("latest", true),
    "TypeError",
    "Expected an object for options but received true",
  ],
  [
    "options that are null",
    () => save("latest", null),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "a replacement by a word",
    () => save("latest", { replace: "yes" }),
    "TypeError",
    'Expected true or false for replace but received "yes"',
  ],
  [
    "rm's name of it",
    () => save("latest", { force: true }),
    "TypeError",
    'Expected only the options replace for options but received "force"',
  ],
]);

refuses("new Trainer", [
  [
    "a discriminator that cannot learn",
    () => make({ discriminator: fixed }),
    "ERR_ARCHITECTURE",
    "Expected layers with weights, which training changes, for discriminator but received none",
  ],
  [
    "the promise of a group",
    () => make({ distributed: Promise.resolve() }),
    "TypeError",
    "Expected what distributed.join() resolves with for distributed but received an instance of Promise",
  ],
  [
    "a BatchNorm to be synchronised, by name",
    () => make({ syncBatchNorm: "discriminator" }),
    "TypeError",
    'Expected true or false for syncBatchNorm but received "discriminator"',
  ],
  [
    "sums of gradients in half precision",
    () => make({ reducePrecision: "float16" }),
    "TypeError",
    'Expected one of float32, bfloat16 for reducePrecision but received "float16"',
  ],
  ...(["r1", "dragan"] as const).map(
    (penalty): Row => [
      `a BatchNorm to be synchronised under ${penalty}`,
      () =>
        make({
          discriminator: normed,
          objective: objectives.nonSaturating({ penalties: [penalties[penalty]()] }),
          syncBatchNorm: true,
        }),
      "ERR_ARCHITECTURE",
      `Expected layers with a second derivative, which the penalty ${penalty} needs and synchronised BatchNorm lacks, for discriminator but received 1 (batchNorm2d)`,
    ],
  ),
  [
    "no options",
    () => new Trainer(bad(undefined)),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "options that are null",
    () => new Trainer(bad(null)),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "two networks in place of options",
    () =>
      new (Trainer as never as new (...networks: unknown[]) => Trainer)(generator, discriminator),
    "TypeError",
    'Expected only the options generator, discriminator, objective, optimizer, order, fakes, discriminatorSteps, generatorSteps, frozen, ema, diffAugment, ada, accumulate, execution, precision, distributed, syncBatchNorm, reducePrecision for options but received "device"',
  ],
  [
    "no generator",
    () => make({ generator: undefined }),
    "TypeError",
    "Expected a Generator for generator but received undefined",
  ],
  [
    "the architecture of a generator",
    () => make({ generator: generator.architecture }),
    "TypeError",
    'Expected a Generator for generator but received { latent: { noise: 5 }, layers: [{ type: "linear", outFeatures: 16 }, { type: "relu" }, { type: "linear", outFeatures...',
  ],
  [
    "the class of generators",
    () => make({ generator: Generator }),
    "TypeError",
    "Expected a Generator for generator but received function Generator",
  ],
  [
    "what only inherits from Generator",
    () => make({ generator: Object.create(Generator.prototype) }),
    "TypeError",
    "Expected a Generator for generator but received an instance of Generator",
  ],
  [
    "the players exchanged",
    () => make({ generator: discriminator, discriminator: generator }),
    "TypeError",
    "Expected a Generator for generator but received an instance of Discriminator",
  ],
  [
    "a generator in the discriminator's place, too",
    () => make({ discriminator: generator }),
    "TypeError",
    "Expected a Discriminator for discriminator but received an instance of Generator",
  ],
  [
    "a discriminator of another shape",
    () => make({ discriminator: colour }),
    "ERR_ARCHITECTURE",
    "Expected samples of [3, 8, 8], which the discriminator takes, for generator but received [1, 8, 8]",
  ],
  [
    "a discriminator on another device",
    () => make({ discriminator: elsewhere }),
    "ERR_DEVICE",
    'Expected the generator\'s device "cpu" for discriminator but received "cuda:0"',
  ],
  [
    "a disposed generator",
    () => make({ generator: gone }),
    "ERR_DISPOSED",
    "This network was disposed",
  ],
  [
    "an objective by its name",
    () => make({ objective: "hinge" }),
    "TypeError",
    'Expected an objective, as objectives.nonSaturating() makes it, for objective but received "hinge"',
  ],
  [
    "an objective that is not called",
    () => make({ objective: objectives.hinge }),
    "TypeError",
    "Expected an objective, as objectives.nonSaturating() makes it, for objective but received function hinge",
  ],
  [
    "an objective of the prototype",
    () => make({ objective: JSON.parse('{ "type": "__proto__" }') }),
    "TypeError",
    'Expected one of minimax, nonSaturating, leastSquares, formula, hinge, wasserstein, relativisticPaired, relativisticAverage, fDivergence, boundarySeeking, softmax, energyBased, boundaryEquilibrium for objective.type but received "__proto__"',
  ],
  [
    "an objective by the name of its paper",
    () => make({ objective: JSON.parse('{ "type": "BEGAN" }') }),
    "TypeError",
    'Expected boundaryEquilibrium for objective.type but received "BEGAN"',
  ],
  [
    "one optimizer",
    () => make({ optimizer: adam }),
    "TypeError",
    'Expected an object { generator, discriminator } for optimizer but received { type: "adam", lr: 0.001, schedule: { type: "constant" }, clipGradNorm: undefined, clipGradValue: undefined, betas: ...',
  ],
  [
    "no optimizer",
    () => make({ optimizer: null }),
    "TypeError",
    "Expected an object { generator, discriminator } for optimizer but received null",
  ],
  [
    "an optimizer that is not called",
    () => make({ optimizer: { generator: optimizers.adam, discriminator: adam } }),
    "TypeError",
    "Expected an optimizer, as optimizers.adam() makes it, for optimizer.generator but received function adam",
  ],
  [
    "half a pair of optimizers",
    () => make({ optimizer: { generator: adam } }),
    "TypeError",
    "Expected an optimizer, as optimizers.adam() makes it, for optimizer.discriminator but received undefined",
  ],
  [
    "an optimizer of one's own, with a wrong option",
    () => make({ optimizer: { generator: { type: "adam", lr: "x" }, discriminator: adam } }),
    "TypeError",
    'Expected a finite number above 0 for lr but received "x" (in optimizer.generator)',
  ],
  [
    "two optimizers of one's own, the second out of its range",
    () => make({ optimizer: { generator: adam, discriminator: { type: "sgd", momentum: -1 } } }),
    "RangeError",
    "Expected a number in [0, 1) for momentum but received -1 (in optimizer.discriminator)",
  ],
  [
    "a rate beside the optimizer",
    () => make({ lr: 1e-3 }),
    "TypeError",
    'Expected the option optimizer for options but received "lr"',
  ],
  [
    "more updates than a step could end with",
    () => make({ discriminatorSteps: 2 ** 31 }),
    "RangeError",
    "Expected a whole number from 1 to 1000 for discriminatorSteps but received 2147483648",
  ],
  [
    "updates as text",
    () => make({ discriminatorSteps: "5" }),
    "TypeError",
    'Expected a whole number from 1 to 1000 for discriminatorSteps but received "5"',
  ],
  [
    "a generator without an update",
    () => make({ generatorSteps: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 1000 for generatorSteps but received 0",
  ],
  [
    "more updates of the generator than a step could end with",
    () => make({ generatorSteps: 1001 }),
    "RangeError",
    "Expected a whole number from 1 to 1000 for generatorSteps but received 1001",
  ],
  [
    "half an update of the generator",
    () => make({ generatorSteps: 1.5 }),
    "RangeError",
    "Expected a whole number from 1 to 1000 for generatorSteps but received 1.5",
  ],
  [
    "the generator's updates as text",
    () => make({ generatorSteps: "2" }),
    "TypeError",
    'Expected a whole number from 1 to 1000 for generatorSteps but received "2"',
  ],
  [
    "no parts of a batch",
    () => make({ accumulate: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for accumulate but received 0",
  ],
  [
    "parts as text",
    () => make({ accumulate: "4" }),
    "TypeError",
    'Expected a whole number of at least 1 for accumulate but received "4"',
  ],
  [
    "half a part",
    () => make({ accumulate: 1.5 }),
    "RangeError",
    "Expected a whole number of at least 1 for accumulate but received 1.5",
  ],
  [
    "PyTorch Lightning's name of the parts",
    () => make({ accumulateGradBatches: 4 }),
    "TypeError",
    'Expected the option accumulate for options but received "accumulateGradBatches"',
  ],
  [
    "parts where a layer compares the samples of the batch",
    () => make({ accumulate: 2, discriminator: comparing }),
    "RangeError",
    "Expected 1, as the discriminator's 0 (minibatchStdDev) compares the samples of a batch, for accumulate but received 2",
  ],
  [
    "parts where a layer says how close the samples of the batch are",
    () => make({ accumulate: 2, discriminator: discriminating }),
    "RangeError",
    "Expected 1, as the discriminator's 3 (minibatchDiscrimination) compares the samples of a batch, for accumulate but received 2",
  ],
  [
    "parts of a batch that BatchNorm is to see whole",
    () => make({ accumulate: 2, syncBatchNorm: true, discriminator: normed }),
    "RangeError",
    "Expected 1, as syncBatchNorm is over the whole batch, for accumulate but received 2",
  ],
  [
    "an average by true",
    () => make({ ema: true }),
    "TypeError",
    "Expected an object { decay, rampUp } for ema but received true",
  ],
  [
    "a decay of NaN",
    () => make({ ema: { decay: NaN } }),
    "RangeError",
    "Expected a number in [0, 1) for ema.decay but received NaN",
  ],
  [
    "a policy with a hole",
    () => make({ diffAugment: holed(["", "color"], 0) }),
    "TypeError",
    "Expected one of color, translation, cutout for diffAugment[0] but received undefined",
  ],
  [
    "policies in a Set",
    () => make({ diffAugment: new Set(["color"]) }),
    "TypeError",
    "Expected an array of color, translation, cutout for diffAugment but received an instance of Set",
  ],
  [
    "an execution by true",
    () => make({ execution: true }),
    "TypeError",
    "Expected one of eager, fused for execution but received true",
  ],
]);
