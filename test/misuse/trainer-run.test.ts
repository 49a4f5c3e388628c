// Runs, as a stranger starts them.
import { bad, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import { Dataset, Discriminator, datasets, distributed, layers as l } from "../../lib/index.js";
import { freePort } from "../helpers/ranks.js";
import {
  collect,
  labelledImages,
  losses,
  tinyDiscriminator,
  tinyTrainer,
} from "../helpers/training.js";

const data = await labelledImages(24);
const small = await datasets.fromBytes(new Uint8Array(24 * 16), { shape: [24, 1, 4, 4] });
const stream = datasets.stream(() => [], { image: [1, 8, 8] });
const emptied = await labelledImages(24);
emptied.dispose();
const trainer = tinyTrainer();
const ended = tinyTrainer();
ended.dispose();
const run = (options: unknown, images: unknown = data) =>
  collect(trainer.run(bad(images), bad(options)));
const inNine = tinyTrainer({ accumulate: 9 });
const normed = tinyDiscriminator([l.batchNorm1d(), l.linear(1)]);
const normedTrainer = tinyTrainer({ discriminator: normed });
const pixelsTrainer = tinyTrainer({
  discriminator: new Discriminator({
    image: [1, 8, 8],
    layers: [l.conv2d(2, 3), l.batchNorm2d(), l.flatten(), l.linear(1)],
  }),
});
const normedInFive = tinyTrainer({ accumulate: 5, discriminator: normed });
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
    "no options",
    () => run(undefined),
    "TypeError",
    "Expected an object { steps, ... }, { epochs, ... } or { untilStep, ... } for options but received undefined",
  ],
  [
    "options that are null",
    () => run(null),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "nothing of how long",
    () => run({ batchSize: 8 }),
    "TypeError",
    "Expected steps, epochs or untilStep for the length of the run but received nothing",
  ],
  [
    "both steps and epochs",
    () => run({ steps: 1, epochs: 2 }),
    "TypeError",
    'Expected steps, epochs or untilStep for the length of the run but received "steps 1 epochs 2"',
  ],
  [
    "steps and the step to end at",
    () => run({ steps: 1, untilStep: 2 }),
    "TypeError",
    'Expected steps, epochs or untilStep for the length of the run but received "steps 1 untilStep 2"',
  ],
  [
    "all three",
    () => run({ steps: 1, epochs: 2, untilStep: null }),
    "TypeError",
    'Expected steps, epochs or untilStep for the length of the run but received "steps 1 epochs 2 untilStep null"',
  ],
  [
    "until step 0, where every trainer is",
    () => run({ untilStep: 0, batchSize: 8 }),
    "RangeError",
    "Expected a whole number of at least 1 for untilStep but received 0",
  ],
  [
    "until half a step",
    () => run({ untilStep: 2.5, batchSize: 8 }),
    "RangeError",
    "Expected a whole number of at least 1 for untilStep but received 2.5",
  ],
  [
    "until a step as text",
    () => run({ untilStep: "20000", batchSize: 8 }),
    "TypeError",
    'Expected a whole number of at least 1 for untilStep but received "20000"',
  ],
  [
    "until a step that never comes",
    () => run({ untilStep: Infinity, batchSize: 8 }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for untilStep but received Infinity",
  ],
  [
    "epochs of a stream that nobody knows the end of",
    () => run({ epochs: 2, batchSize: 8 }, stream),
    "TypeError",
    'Expected steps or untilStep (a stream counts epochs where it says its length) for the length of the run but received "epochs 2"',
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
    "Expected a whole number from 1 to 24 (the data have 24 images) for batchSize but received 64",
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
    "a batch of one image under BatchNorm",
    () => collect(normedTrainer.run(data, { steps: 1, batchSize: 1 })),
    "RangeError",
    "Expected a whole number from 2 to 24 (BatchNorm trains on more than one) for batchSize but received 1",
  ],
  [
    "a batch of one image under BatchNorm over its pixels, whose statistics evaluation would have",
    () => collect(pixelsTrainer.run(data, { steps: 1, batchSize: 1 })),
    "RangeError",
    "Expected a whole number from 2 to 24 (BatchNorm trains on more than one) for batchSize but received 1",
  ],
  [
    "a last batch of one image under BatchNorm",
    () => collect(normedTrainer.run(data, { steps: 1, batchSize: 23 })),
    "RangeError",
    "Expected a number that does not leave a last batch of 1 of 24 images (BatchNorm trains on more than one; dropLast leaves it out) for batchSize but received 23",
  ],
  [
    "a batch larger than the data",
    () => run({ steps: 1, batchSize: 25 }),
    "RangeError",
    "Expected a whole number from 1 to 24 (the data have 24 images) for batchSize but received 25",
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
    'Expected the option batchSize for options but received "batch_size"',
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
    "an async generator in place of a stream",
    () => run({ steps: 1 }, (async function* () {})()),
    "TypeError",
    "Expected a dataset, as datasets.stream() makes one of an iterable, for dataset but received an instance of AsyncGenerator",
  ],
  [
    "a function that brings epochs, in place of a stream",
    () => run({ steps: 1 }, function source() {}),
    "TypeError",
    "Expected a dataset, as datasets.stream() makes one of an iterable, for dataset but received function source",
  ],
  [
    "arrays in place of data",
    () => run({ steps: 1 }, [new Uint8Array(64)]),
    "TypeError",
    "Expected a dataset, as datasets.stream() makes one of an iterable, for dataset but received [Uint8Array(64 bytes)]",
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
  const alone = { rank: 0, worldSize: 1, masterAddress: "127.0.0.1", masterPort: await freePort() };
  using group = await distributed.join(alone);
  const shared = tinyTrainer({ distributed: group });
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
