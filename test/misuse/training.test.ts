// Everything that training is told: objectives, penalties, optimizers, schedules, trainers and runs.
import { bad, bare, holed, type Row, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import {
  auxiliaries,
  Dataset,
  Discriminator,
  datasets,
  distributed,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
} from "../../lib/index.js";
import { freePort } from "../helpers/ranks.js";
import {
  collect,
  labelledImages,
  losses,
  tinyDiscriminator,
  tinyGenerator,
  tinyTrainer,
} from "../helpers/training.js";

refuses("objectives", [
  [
    "options that are null",
    () => objectives.hinge(bad(null)),
    "TypeError",
    "Expected an object for options of hinge but received null",
  ],
  [
    "options in an array",
    () => objectives.minimax(bad([])),
    "TypeError",
    "Expected an object for options of minimax but received []",
  ],
  [
    "penalties that are one",
    () => objectives.hinge({ penalties: bad(penalties.r1) }),
    "TypeError",
    "Expected an array for penalties but received function r1",
  ],
  [
    "penalties in a Set",
    () => objectives.hinge({ penalties: bad(new Set([penalties.r1()])) }),
    "TypeError",
    "Expected an array for penalties but received an instance of Set",
  ],
  [
    "a penalty that is not called",
    () => objectives.hinge({ penalties: [bad(penalties.r1)] }),
    "TypeError",
    "Expected a penalty, as penalties.r1() makes it, for penalties[0] but received function r1",
  ],
  [
    "an objective as a penalty",
    () => objectives.hinge({ penalties: [bad(objectives.hinge())] }),
    "TypeError",
    'Expected one of wganGp, r1, r2, dragan for penalties[0].type but received "hinge"',
  ],
  [
    "a penalty of the prototype",
    () => objectives.hinge({ penalties: [bad({ type: "constructor" })] }),
    "TypeError",
    'Expected one of wganGp, r1, r2, dragan for penalties[0].type but received "constructor"',
  ],
  [
    "a penalty without a type",
    () => objectives.hinge({ penalties: [bad({ weight: 1 })] }),
    "TypeError",
    "Expected one of wganGp, r1, r2, dragan for penalties[0].type but received undefined",
  ],
  [
    "a penalty with a strange field",
    () => objectives.hinge({ penalties: [bad({ type: "r1", gamma: 1 })] }),
    "TypeError",
    'Expected only the options weight, every for options of r1 but received "gamma"',
  ],
  [
    "a penalty as an auxiliary",
    () => objectives.hinge({ auxiliaries: [bad(penalties.r1())] }),
    "TypeError",
    'Expected one of acgan, infogan for auxiliaries[0].type but received "r1"',
  ],
  [
    "smoothing as text",
    () => objectives.nonSaturating({ labelSmoothing: bad("0.1") }),
    "TypeError",
    'Expected a number in [0, 0.5) for labelSmoothing of nonSaturating but received "0.1"',
  ],
  [
    "smoothing where there is no target",
    () => objectives.wasserstein(bad({ labelSmoothing: 0.1 })),
    "TypeError",
    'Expected only the options weightClip, penalties, auxiliaries for options of wasserstein but received "labelSmoothing"',
  ],
  [
    "a clip below 0",
    () => objectives.wasserstein({ weightClip: -0.01 }),
    "RangeError",
    "Expected a finite number above 0 for weightClip of wasserstein but received -0.01",
  ],
  [
    "a clip of -0",
    () => objectives.wasserstein({ weightClip: -0 }),
    "RangeError",
    "Expected a finite number above 0 for weightClip of wasserstein but received -0",
  ],
  [
    "a divergence that is none",
    () => objectives.fDivergence(bad({ divergence: "KL" })),
    "TypeError",
    'Expected one of kl, reverseKl, pearson, jensenShannon for divergence of fDivergence but received "KL"',
  ],
]);

refuses("penalties and auxiliaries", [
  [
    "a weight in place of options",
    () => penalties.r1(bad(10)),
    "TypeError",
    "Expected an object for options of r1 but received 10",
  ],
  [
    "a weight of null",
    () => penalties.wganGp({ weight: bad(null) }),
    "TypeError",
    "Expected a value for weight of wganGp but received null",
  ],
  [
    "a weight of NaN",
    () => penalties.wganGp({ weight: NaN }),
    "RangeError",
    "Expected a finite number above 0 for weight of wganGp but received NaN",
  ],
  [
    "a weight as a BigInt",
    () => penalties.dragan({ weight: bad(10n) }),
    "TypeError",
    "Expected a finite number above 0 for weight of dragan but received 10n",
  ],
  [
    "every as text",
    () => penalties.r2({ every: bad("16") }),
    "TypeError",
    'Expected a whole number of at least 1 for every of r2 but received "16"',
  ],
  [
    "every that is not exact",
    () => penalties.r1({ every: 2 ** 53 }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for every of r1 but received 9007199254740992",
  ],
  [
    "a misspelt option",
    () => penalties.r1(bad({ wieght: 1 })),
    "TypeError",
    'Expected only the options weight, every for options of r1 but received "wieght"',
  ],
  [
    "a weight of acgan without end",
    () => auxiliaries.acgan({ weight: Infinity }),
    "RangeError",
    "Expected a finite number above 0 for weight of acgan but received Infinity",
  ],
  [
    "a weight of infogan as text",
    () => auxiliaries.infogan({ categorical: bad("1") }),
    "TypeError",
    'Expected a finite number of at least 0 for categorical of infogan but received "1"',
  ],
]);

refuses("optimizers", [
  [
    "a rate in place of options",
    () => optimizers.adam(bad(2e-4)),
    "TypeError",
    "Expected an object for options of adam but received 0.0002",
  ],
  [
    "a rate below 0",
    () => optimizers.adam({ lr: -1e-3 }),
    "RangeError",
    "Expected a finite number above 0 for lr but received -0.001",
  ],
  [
    "a misspelt rate",
    () => optimizers.adam(bad({ learningRate: 1e-3 })),
    "TypeError",
    'Expected only the options lr, betas, eps, weightDecay, schedule, clipGradNorm for options of adam but received "learningRate"',
  ],
  [
    "a misspelt rate without a prototype",
    () => optimizers.sgd(bare({ learningRate: 1e-3 })),
    "TypeError",
    'Expected only the options lr, momentum, dampening, nesterov, weightDecay, schedule, clipGradNorm for options of sgd but received "learningRate"',
  ],
  [
    "betas that are one number",
    () => optimizers.adam({ betas: bad(0.5) }),
    "TypeError",
    "Expected an array of 2 numbers for betas but received 0.5",
  ],
  [
    "betas as text",
    () => optimizers.adam({ betas: bad("ab") }),
    "TypeError",
    'Expected an array of 2 numbers for betas but received "ab"',
  ],
  [
    "three betas",
    () => optimizers.adamW({ betas: bad([0.5, 0.9, 0.9]) }),
    "TypeError",
    "Expected an array of 2 numbers for betas but received [0.5, 0.9, 0.9]",
  ],
  [
    "betas with a hole",
    () => optimizers.adam({ betas: holed([0, 0.9], 0) }),
    "TypeError",
    "Expected a number in [0, 1) for betas[0] but received undefined",
  ],
  [
    "a beta of NaN",
    () => optimizers.adam({ betas: [NaN, 0.9] }),
    "RangeError",
    "Expected a number in [0, 1) for betas[0] but received NaN",
  ],
  [
    "a weight decay without end",
    () => optimizers.adamW({ weightDecay: Infinity }),
    "RangeError",
    "Expected a finite number of at least 0 for weightDecay but received Infinity",
  ],
  [
    "a momentum below 0",
    () => optimizers.sgd({ momentum: -0.1 }),
    "RangeError",
    "Expected a number in [0, 1) for momentum but received -0.1",
  ],
  [
    "a momentum in an array",
    () => optimizers.sgd({ momentum: bad([0.9]) }),
    "TypeError",
    "Expected an object for momentum but received [0.9]",
  ],
  [
    "nesterov as a number",
    () => optimizers.sgd({ nesterov: bad(1) }),
    "TypeError",
    "Expected true or false for nesterov but received 1",
  ],
  [
    "an alpha of NaN",
    () => optimizers.rmsprop({ alpha: NaN }),
    "RangeError",
    "Expected a number in [0, 1) for alpha but received NaN",
  ],
  [
    "a clip of NaN",
    () => optimizers.adam({ clipGradNorm: NaN }),
    "RangeError",
    "Expected a finite number above 0 for clipGradNorm but received NaN",
  ],
  [
    "a schedule that is not called",
    () => optimizers.adam({ schedule: bad(schedules.cosine) }),
    "TypeError",
    "Expected a schedule, as schedules.linear() makes it, for schedule but received function cosine",
  ],
  [
    "a schedule that is a function of the step",
    () => optimizers.adam({ schedule: bad(() => 1) }),
    "TypeError",
    "Expected a schedule, as schedules.linear() makes it, for schedule but received function (anonymous)",
  ],
  [
    "an optimizer as a schedule",
    () => optimizers.adam({ schedule: bad(optimizers.sgd()) }),
    "TypeError",
    'Expected one of constant, linear, exponential, cosine, step, multiStep for schedule.type but received "sgd"',
  ],
]);

refuses("schedules", [
  [
    "a milestone without its list",
    () => schedules.multiStep(bad(1000)),
    "TypeError",
    "Expected an object for options of multiStep but received 1000",
  ],
  [
    "epochs in place of updates",
    () => schedules.step(bad({ epochs: 30 })),
    "TypeError",
    'Expected only the options stepSize, gamma for options of step but received "epochs"',
  ],
  [
    "no options",
    () => schedules.linear(bad(undefined)),
    "TypeError",
    "Expected a whole number of at least 1 for steps of linear but received undefined",
  ],
  [
    "steps in place of options",
    () => schedules.cosine(bad(100)),
    "TypeError",
    "Expected an object for options of cosine but received 100",
  ],
  [
    "steps of a fraction",
    () => schedules.linear({ steps: 1.5 }),
    "RangeError",
    "Expected a whole number of at least 1 for steps of linear but received 1.5",
  ],
  [
    "no steps",
    () => schedules.cosine({ steps: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for steps of cosine but received 0",
  ],
  [
    "an end above 1",
    () => schedules.linear({ to: 1.1, steps: 9 }),
    "RangeError",
    "Expected a number in [0, 1] for to of linear but received 1.1",
  ],
  [
    "a gamma of NaN",
    () => schedules.exponential({ gamma: NaN }),
    "RangeError",
    "Expected a number in (0, 1] for gamma of exponential but received NaN",
  ],
  [
    "a gamma as text",
    () => schedules.exponential({ gamma: bad("0.9") }),
    "TypeError",
    'Expected a number in (0, 1] for gamma of exponential but received "0.9"',
  ],
  [
    "a floor without end",
    () => schedules.exponential({ gamma: 0.9, min: Infinity }),
    "RangeError",
    "Expected a finite number of at least 0 for min of exponential but received Infinity",
  ],
]);

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

const place = { rank: 0, worldSize: 2, masterAddress: "127.0.0.1", masterPort: 29500 };

refuses("distributed.join", [
  [
    "nothing that says where",
    () => distributed.join(),
    "TypeError",
    "Expected a whole number from 1 to 65536 for WORLD_SIZE but received undefined",
  ],
  [
    "a rank beyond the last",
    () => distributed.join({ ...place, rank: 2 }),
    "RangeError",
    "Expected a whole number from 0 to 1 for rank but received 2",
  ],
  [
    "a world of nobody",
    () => distributed.join({ ...place, worldSize: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 65536 for worldSize but received 0",
  ],
  [
    "no place to meet",
    () => distributed.join({ rank: 0, worldSize: 2, masterPort: 29500 }),
    "TypeError",
    "Expected a host's name or address for MASTER_ADDR but received undefined",
  ],
  [
    "an empty name of a host",
    () => distributed.join({ ...place, masterAddress: "" }),
    "RangeError",
    'Expected a host\'s name or address for masterAddress but received ""',
  ],
  [
    "a port that is text",
    () => distributed.join({ ...place, masterPort: bad("29500") }),
    "TypeError",
    'Expected a whole number from 1 to 65535 for masterPort but received "29500"',
  ],
  [
    "a local rank beyond the world",
    () => distributed.join({ ...place, localRank: 2 }),
    "RangeError",
    "Expected a whole number from 0 to 1 for localRank but received 2",
  ],
  [
    "a timeout of none",
    () => distributed.join({ ...place, timeout: 0 }),
    "RangeError",
    "Expected a number in [1, 86400] for timeout but received 0",
  ],
  [
    "an option of init_process_group",
    () => distributed.join(bad({ ...place, backend: "nccl" })),
    "TypeError",
    'Expected only the options rank, worldSize, localRank, masterAddress, masterPort, timeout for options but received "backend"',
  ],
]);

refuses("new Trainer", [
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
    'Expected only the options generator, discriminator, objective, optimizer, order, fakes, discriminatorSteps, accumulate, ema, diffAugment, execution, precision, distributed, syncBatchNorm for options but received "device"',
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
    'Expected one of minimax, nonSaturating, leastSquares, hinge, wasserstein, relativisticPaired, relativisticAverage, fDivergence for objective.type but received "__proto__"',
  ],
  [
    "one optimizer",
    () => make({ optimizer: adam }),
    "TypeError",
    'Expected only the options generator, discriminator for optimizer but received "type"',
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
    "a rate beside the optimizer",
    () => make({ lr: 1e-3 }),
    "TypeError",
    'Expected only the options generator, discriminator, objective, optimizer, order, fakes, discriminatorSteps, accumulate, ema, diffAugment, execution, precision, distributed, syncBatchNorm for options but received "lr"',
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
    'Expected only the options generator, discriminator, objective, optimizer, order, fakes, discriminatorSteps, accumulate, ema, diffAugment, execution, precision, distributed, syncBatchNorm for options but received "accumulateGradBatches"',
  ],
  [
    "parts where a layer compares the samples of the batch",
    () => make({ accumulate: 2, discriminator: comparing }),
    "RangeError",
    "Expected 1, as the discriminator's 0 (minibatchStdDev) compares the samples of a batch, for accumulate but received 2",
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

const data = await labelledImages(24);
const small = await datasets.fromBytes(new Uint8Array(24 * 16), { shape: [24, 1, 4, 4] });
const emptied = await labelledImages(24);
emptied.dispose();
const trainer = tinyTrainer();
const ended = tinyTrainer();
ended.dispose();
const run = (options: unknown, images: unknown = data) =>
  collect(trainer.run(bad(images), bad(options)));
const inNine = make({ accumulate: 9 });
const normedInFive = make({ accumulate: 5, discriminator: normed });
const why = new RangeError("the deadline has passed");
const thrown = new TypeError("this getter throws");

refuses("Trainer.run", [
  [
    "steps in place of options",
    () => run(100),
    "TypeError",
    "Expected an object for options but received 100",
  ],
  [
    "options without await",
    () => run(Promise.resolve({ steps: 1 })),
    "TypeError",
    "Expected an object for options but received an instance of Promise",
  ],
  [
    "options that are null",
    () => run(null),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "steps as text",
    () => run({ steps: "10" }),
    "TypeError",
    'Expected a whole number of at least 1 for steps but received "10"',
  ],
  [
    "steps as a BigInt",
    () => run({ steps: 10n }),
    "TypeError",
    "Expected a whole number of at least 1 for steps but received 10n",
  ],
  [
    "steps of NaN",
    () => run({ steps: NaN }),
    "RangeError",
    "Expected a whole number of at least 1 for steps but received NaN",
  ],
  [
    "steps without end",
    () => run({ steps: Infinity }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for steps but received Infinity",
  ],
  [
    "steps of -0",
    () => run({ steps: -0 }),
    "RangeError",
    "Expected a whole number of at least 1 for steps but received -0",
  ],
  [
    "epochs of a fraction",
    () => run({ epochs: 1.5, batchSize: 8 }),
    "RangeError",
    "Expected a whole number of at least 1 for epochs but received 1.5",
  ],
  [
    "epochs as text",
    () => run({ epochs: "2", batchSize: 8 }),
    "TypeError",
    'Expected a whole number of at least 1 for epochs but received "2"',
  ],
  [
    "a batch that no one asked for, too large",
    () => run({ steps: 1 }),
    "RangeError",
    "Expected a whole number from 1 to 24 for batchSize but received 64",
  ],
  [
    "a batch of half an image",
    () => run({ steps: 1, batchSize: 0.5 }),
    "RangeError",
    "Expected a whole number from 1 to 24 for batchSize but received 0.5",
  ],
  [
    "a batch as text",
    () => run({ steps: 1, batchSize: "8" }),
    "TypeError",
    'Expected a whole number from 1 to 24 for batchSize but received "8"',
  ],
  [
    "more parts than the batch has images",
    () => collect(inNine.run(data, { steps: 1, batchSize: 8 })),
    "RangeError",
    "Expected a whole number from 1 to 8 (a part has at least 1 of the 8 images of a batch) for accumulate but received 9",
  ],
  [
    "parts of one image under BatchNorm",
    () => collect(normedInFive.run(data, { steps: 1, batchSize: 8 })),
    "RangeError",
    "Expected a whole number from 1 to 4 (a part has at least 2 of the 8 images of a batch, as BatchNorm trains on more than one) for accumulate but received 5",
  ],
  [
    "a batch larger than the data",
    () => run({ steps: 1, batchSize: 25 }),
    "RangeError",
    "Expected a whole number from 1 to 24 for batchSize but received 25",
  ],
  [
    "ticks of a fraction",
    () => run({ steps: 1, batchSize: 8, tickEvery: 0.5 }),
    "RangeError",
    "Expected a whole number of at least 1 for tickEvery but received 0.5",
  ],
  [
    "ticks without end",
    () => run({ steps: 1, batchSize: 8, tickEvery: Infinity }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for tickEvery but received Infinity",
  ],
  [
    "PyTorch's name of the batch",
    () => run({ steps: 1, batch_size: 8 }),
    "TypeError",
    'Expected only the options steps, epochs, batchSize, dropLast, horizontalFlip, tickEvery, signal for options but received "batch_size"',
  ],
  [
    "a controller in place of its signal",
    () => run({ steps: 1, batchSize: 8, signal: new AbortController() }),
    "TypeError",
    "Expected an AbortSignal for signal but received an instance of AbortController",
  ],
  [
    "what only looks like a signal",
    () => run({ steps: 1, batchSize: 8, signal: { aborted: false, addEventListener() {} } }),
    "TypeError",
    "Expected an AbortSignal for signal but received { aborted: false, addEventListener: function addEventListener }",
  ],
  [
    "a signal that is aborted",
    () => run({ steps: 1, batchSize: 8, signal: AbortSignal.abort(why) }),
    "RangeError",
    "the deadline has passed",
  ],
  [
    "an option that throws when it is read",
    () =>
      run({
        get steps() {
          throw thrown;
        },
      }),
    "TypeError",
    "this getter throws",
  ],
  [
    "no data",
    () => run({ steps: 1 }, null),
    "TypeError",
    "Expected a dataset for dataset but received null",
  ],
  [
    "data without await",
    () => run({ steps: 1 }, Promise.resolve(data)),
    "TypeError",
    "Expected a dataset for dataset but received an instance of Promise",
  ],
  [
    "bytes in place of data",
    () => run({ steps: 1 }, new Uint8Array(64)),
    "TypeError",
    "Expected a dataset for dataset but received Uint8Array(64 bytes)",
  ],
  [
    "what only inherits from Dataset",
    () => run({ steps: 1 }, Object.create(Dataset.prototype)),
    "TypeError",
    "Expected a dataset for dataset but received an instance of Dataset",
  ],
  [
    "a dataset of another size",
    () => run({ steps: 1 }, small),
    "ERR_DATA",
    "Expected images of [1, 8, 8] for dataset but received [1, 4, 4]",
  ],
  [
    "a dataset that was disposed",
    () => run({ steps: 1, batchSize: 8 }, emptied),
    "ERR_DISPOSED",
    "This dataset was disposed",
  ],
  [
    "a trainer that was disposed",
    () => collect(ended.run(data, { steps: 1, batchSize: 8 })),
    "ERR_DISPOSED",
    "This trainer was disposed",
  ],
]);

it("Trainer.run: ranks are refused a stream, of which each would have images of its own", async () => {
  using group = await distributed.join({ ...place, worldSize: 1, masterPort: await freePort() });
  const shared = make({ distributed: group });
  const images = datasets.stream([], { image: [1, 8, 8] });
  await expect(collect(shared.run(images, { steps: 1 }))).rejects.toMatchObject({
    code: "ERR_DATA",
    message:
      "Expected images that every rank has, in memory or packed on the disk, for dataset but received a stream",
  });
});

it("Trainer.run: after all of that the trainer trains as one that nobody misused", async () => {
  expect(trainer.step).toBe(0);
  expect(await losses(trainer, data, 4)).toEqual(await losses(tinyTrainer(), data, 4));
});
