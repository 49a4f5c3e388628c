import { constants } from "node:buffer";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  architectures,
  Discriminator,
  devices,
  Generator,
  Images,
  type Layer,
  layers as l,
} from "../lib/index.js";
import { smallPair } from "./helpers/networks.js";

const latent = { noise: 4 };
const saved = Math.min(2 ** 40, Math.floor(constants.MAX_LENGTH / 4));
const make =
  (layers: unknown, first: unknown = latent) =>
  () =>
    new Generator({ latent: first, layers } as never);
const judge =
  (layers: unknown, image: unknown = [1, 4, 4]) =>
  () =>
    new Discriminator({ image, layers } as never);

/** Numbers, and labels of three classes, that nobody drew. */
const numbers = Float32Array.from({ length: 600 * 16 }, (_, i) => Math.sin(i));
const labels = Array.from({ length: 600 }, (_, i) => (i * i) % 3);

function generateRows(seed: number) {
  const layers = [l.embedding(4), l.linear(16), l.unflatten([1, 4, 4])];
  const latent = { noise: 16, classes: 3, labels: "embedded" } as const;
  const network = new Generator({ latent, layers }, { seed });
  const rows = async (from: number, to: number) => {
    const latents = numbers.slice(from * 16, to * 16);
    return (await network.generate(latents, { labels: labels.slice(from, to) })).data;
  };
  return { network, rows };
}

const imagesOf = (from: number, to: number) =>
  new Images(numbers.slice(from * 16, to * 16), [to - from, 1, 4, 4]);

function scoreRows(seed: number) {
  const layers = [l.flatten(), l.linear(8), l.projection()];
  const network = new Discriminator({ image: [1, 4, 4], classes: 3, layers }, { seed });
  const rows = (from: number, to: number) =>
    network.score(imagesOf(from, to), { labels: labels.slice(from, to) });
  return { network, rows };
}

function classifyRows(seed: number) {
  const layers = [l.flatten(), l.heads({ score: [l.linear(1)], classes: [l.linear(3)] })];
  const network = new Discriminator({ image: [1, 4, 4], layers }, { seed });
  return { network, rows: (from: number, to: number) => network.classify(imagesOf(from, to)) };
}

describe("an architecture that does not fit", () => {
  it.each<[string, () => unknown, string]>([
    [
      "no architecture",
      () => new Generator(undefined as never),
      "Expected an object { latent, layers } for architecture but received undefined",
    ],
    [
      "no latent",
      make([l.linear(2)], null),
      "Expected an object { noise, classes, codes } for architecture.latent but received null",
    ],
    [
      "no noise",
      make([l.linear(2)], { noise: 0 }),
      "Expected a whole number of at least 1 for architecture.latent.noise but received 0",
    ],
    [
      "one class",
      make([l.linear(2)], { noise: 1, classes: 1 }),
      "Expected 0 or at least 2 classes for architecture.latent.classes but received 1",
    ],
    [
      "no layers",
      make([]),
      "Expected a non-empty array of layers for architecture.layers but received []",
    ],
    [
      "layers that are no array",
      make("linear"),
      'Expected a non-empty array of layers for architecture.layers but received "linear"',
    ],
    [
      "a layer that is none",
      make([l.linear(2), 7]),
      "Expected a layer { type, ... } for layer 1 but received 7",
    ],
    [
      "an unknown layer",
      make([{ type: "dense" }]),
      'Expected one of adaptiveAvgPool2d, avgPool2d, batchNorm1d, batchNorm2d, blur, conditionalBatchNorm2d, constant, conv2d, convTranspose2d, dropout, dropout2d, elu, embedding, equalized, flatten, gaussianNoise, gelu, globalSumPool2d, groupNorm, heads, instanceNorm2d, layerNorm, leakyRelu, linear, maxPool2d, maxout, minibatchDiscrimination, minibatchStdDev, mish, modulatedConv2d, noiseInjection, pixelNorm, pixelShuffle, pixelUnshuffle, prelu, projection, reconstructionError, reflectionPad2d, relu, replicationPad2d, residual, selfAttention2d, selu, sequential, sigmoid, silu, softplus, spectralNorm, styled, tanh, unflatten, upsample, zeroPad2d for type of layer 0 but received "dense"',
    ],
    [
      "a name with a dot",
      make([{ ...l.linear(2), name: "a.b" }]),
      'Expected letters, digits and underscores for name of layer 0 but received "a.b"',
    ],
    [
      "two layers of one name",
      make([l.sequential("a", [l.linear(2)]), l.sequential("a", [l.linear(2)])]),
      'Expected a name that no sibling has for name of a but received "a"',
    ],
    [
      "a convolution of features",
      make([l.conv2d(8, 3)]),
      "Expected an input of [channels, height, width] for 0 (conv2d) but received an input of [4]; put unflatten([...]) before it",
    ],
    [
      "two scores",
      judge([l.flatten(), l.linear(2)]),
      "Expected an output of [1] (a score) or [1, height, width] (a score for each patch) for the discriminator's last layer but received [2]",
    ],
    [
      "an image without pixels",
      judge([l.flatten(), l.linear(1)], [1, 0, 4]),
      "Expected a whole number of at least 1 for architecture.image[1] but received 0",
    ],
    [
      "an image the article's networks cannot make",
      () => architectures.upsampling({ latent, image: [1, 30, 32] }),
      "Expected [channels, height, width] with height and width multiples of 4 for image but received [1, 30, 32]",
    ],
    [
      "a negative seed",
      () => new Generator({ latent, layers: [l.linear(2)] }, { seed: -1 }),
      "Expected a whole number of at least 0 for seed but received -1",
    ],
    [
      "a layer that no memory holds",
      make([l.linear(2 ** 40)], { noise: 2 ** 40 }),
      `Expected tensors of at most ${saved} numbers for 0 (linear) but received [1099511627776, 1099511627776]`,
    ],
    [
      "a layer that no array holds, which saving needs",
      make([l.linear(saved / 2 ** 10)], { noise: 2 ** 11 }),
      `Expected tensors of at most ${saved} numbers for 0 (linear) but received [${saved / 2 ** 10}, 2048]`,
    ],
    [
      "an image with a hole",
      judge([l.flatten(), l.linear(1)], new Array(1)),
      "Expected a whole number of at least 1 for architecture.image[0] but received undefined",
    ],
    [
      "no options of a ready-made network",
      () => architectures.mlp(undefined as never),
      "Expected an object for options but received undefined",
    ],
    [
      "a seed that is not exact",
      () => new Generator({ latent, layers: [l.linear(2)] }, { seed: 2 ** 53 }),
      "Expected a whole number from 0 to 9007199254740991 for seed but received 9007199254740992",
    ],
    [
      "an unknown network option",
      () => new Generator({ latent, layers: [l.linear(2)] }, { sed: 1 } as never),
      'Expected the option seed for options but received "sed"',
    ],
    [
      "a device that is none",
      () => new Generator({ latent, layers: [l.linear(2)] }, { device: "tpu" as never }),
      'Expected "cpu", "cuda" or "cuda:i" for device but received "tpu"',
    ],
  ])("is refused: %s", (_, call, sentence) => {
    expect(call).toThrow(sentence);
  });

  it("refuses cuda where there is none, with the reason", () => {
    const { cuda, cudaOff } = devices();
    if (cuda > 0)
      return expect(
        () => new Generator({ latent, layers: [l.linear(2)] }, { device: `cuda:${cuda}` }),
      ).toThrow("CUDA devices");
    expect(cudaOff).toMatch(/CPU build|driver|GPU/);
    const call = () => new Generator({ latent, layers: [l.linear(2)] }, { device: "cuda" });
    expect(call).toThrow(`Expected a usable device for device but received "cuda": ${cudaOff}`);
  });
});

describe("a network", () => {
  it("has the parameters of its PyTorch twin", () => {
    const article = new Generator(
      architectures.upsampling({ latent: { noise: 100 }, image: [1, 32, 32] }),
    );
    const mlp = new Generator(architectures.mlp({ latent: { noise: 100 }, image: [1, 28, 28] }));
    const discriminator = new Discriminator(architectures.mlp({ image: [1, 28, 28] }));
    // Sums of torch.nn's: Linear in*out + out, Conv2d in*out*k*k + out, BatchNorm 2*features.
    expect(article.parameterCount).toBe(101 * 8192 + 256 + 147584 + 256 + 73792 + 128 + 577);
    expect(mlp.parameterCount).toBe(
      101 * 128 + 129 * 256 + 512 + 257 * 512 + 1024 + 513 * 1024 + 2048 + 1025 * 784,
    );
    expect(discriminator.parameterCount).toBe(785 * 512 + 513 * 256 + 257);
    expect(article.image).toEqual([1, 32, 32]);
    expect(mlp.image).toEqual([1, 28, 28]);
  });

  it("built of any list of layers makes and judges samples", async () => {
    const layers: Layer[] = [
      l.linear(4 * 2 * 2, { bias: false }),
      l.unflatten([4, 2, 2]),
      l.relu(),
      l.conv2d(6, [1, 2], { stride: [1, 2], padding: [0, 1], bias: false }),
      l.upsample(2),
      l.tanh(),
    ];
    const generator = new Generator({ latent, layers }, { seed: 0 });
    const samples = await generator.sample(3, { seed: 0 });
    expect(samples.shape).toEqual([3, 6, 4, 4]);
    const discriminator = new Discriminator({
      image: [6, 4, 4],
      layers: [l.flatten(), l.linear(1)],
    });
    expect(discriminator.scores).toBe("logit");
    expect(await discriminator.score(samples)).toHaveLength(3);
  });

  it("normalises all samples together where it keeps no statistics, however many there are", async () => {
    const layers = [
      l.linear(4),
      l.batchNorm1d({ trackRunningStats: false }),
      l.unflatten([1, 2, 2]),
    ];
    const generator = new Generator({ latent: { noise: 4 }, layers }, { seed: 0 });
    const noise = await generator.noise(260, { seed: 3 });
    const { data } = await generator.sample(260, { noise });
    expect(data).toEqual((await generator.generate(noise)).data);
  });

  it.each([
    ["generate", generateRows],
    ["score", scoreRows],
    ["classify", classifyRows],
  ])(
    "%s() lets others have their turns, and is of the weights that it began with",
    async (_, make) => {
      const { network, rows } = make(0);
      const other = await make(1).network.toSafetensors();
      const parts = [await rows(0, 256), await rows(256, 512), await rows(512, 600)];
      // The engine is busy until all have asked.
      using slow = new Generator(
        { latent: { noise: 4096 }, layers: [l.linear(4096)] },
        { seed: 0 },
      );
      const order: string[] = [];
      const asked = rows(0, 600).finally(() => order.push("rows"));
      const loaded = network.loadWeights(other).finally(() => order.push("weights"));
      expect([...(await asked)]).toEqual(parts.flatMap((part) => [...part]));
      await loaded;
      expect(order).toEqual(["weights", "rows"]);
      expect([...(await rows(0, 256))]).not.toEqual([...(parts[0] as Float32Array)]);
      await slow.ready();
    },
  );

  it("takes arrays of another realm", async () => {
    const { network } = generateRows(0);
    const foreign = (code: string) => runInNewContext(code);
    const { data } = await network.sample(2, { seed: 1, labels: foreign("[2, 1]") });
    expect(data).toEqual((await network.sample(2, { seed: 1, labels: [2, 1] })).data);
    const labels = foreign("Uint8Array.of(2, 1)");
    expect(data).toEqual((await network.sample(2, { seed: 1, labels })).data);
    const bytes = foreign("Uint8Array").from(await network.toSafetensors());
    await network.loadWeights(bytes);
    expect(data).toEqual((await network.sample(2, { seed: 1, labels })).data);
  });

  it("refuses what is no input of its", async () => {
    const { generator, discriminator } = smallPair();
    const message =
      "Expected images of shape [count, 1, 8, 8] for images but received [1, 1, 2, 2]";
    await expect(
      discriminator.score(new Images(new Float32Array(4), [1, 1, 2, 2])),
    ).rejects.toThrow(message);
    await expect(discriminator.score([] as never)).rejects.toThrow(
      "Expected Images for images but received []",
    );
    await expect(generator.generate(new Float32Array(7))).rejects.toThrow(
      'Expected a multiple of 5 values, one latent at least, for latents but received "7 values"',
    );
    await expect(generator.sample(0)).rejects.toThrow(
      "Expected a whole number of at least 1 for count but received 0",
    );
    await expect(generator.sample(1, { seed: 0.5 })).rejects.toThrow(
      "Expected a whole number of at least 0 for seed but received 0.5",
    );
  });

  it("cannot be used once disposed, and may be disposed twice", async () => {
    const { generator } = smallPair();
    generator.dispose();
    generator[Symbol.dispose]();
    await expect(generator.sample(1)).rejects.toMatchObject({
      code: "ERR_DISPOSED",
      message: "This network was disposed",
    });
  });

  it("rejects with a stack that points at the caller", async () => {
    const { generator } = smallPair();
    generator.dispose();
    const error = await generator.sample(1).catch((reason) => reason);
    expect(error.stack).toContain("networks.test.ts");
  });

  it("scores as a probability where the discriminator ends in a sigmoid", async () => {
    const { generator, discriminator } = smallPair();
    const scores = await discriminator.score(await generator.sample(20, { seed: 0 }));
    expect(discriminator.scores).toBe("probability");
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
  });

  const squeezed = l.sequential("squeeze", [l.sequential("view", [l.flatten()])]);
  const patches = [l.conv2d(4, 4, { stride: 4 }), l.sigmoid()];
  it.each<[string, "probability" | "logit" | "energy", Layer[]]>([
    [
      "a sigmoid before a sequential that only reshapes",
      "probability",
      [l.sequential("main", [l.flatten(), l.linear(1), l.sigmoid()]), squeezed],
    ],
    [
      "means of the sigmoids of patches",
      "probability",
      [l.sequential("main", patches), l.pixelShuffle(2), l.adaptiveAvgPool2d(1), squeezed],
    ],
    [
      "the largest of them, with zeros around",
      "probability",
      [...patches, l.pixelShuffle(2), l.zeroPad2d(1), l.maxPool2d(6), l.flatten()],
    ],
    [
      "a sigmoid before heads",
      "probability",
      [
        l.flatten(),
        l.linear(1),
        l.sigmoid(),
        l.heads({ score: [l.flatten()], classes: [l.linear(3)] }),
      ],
    ],
    [
      "dropout and noise that do nothing",
      "probability",
      [l.flatten(), l.linear(1), l.sigmoid(), l.dropout(0), l.gaussianNoise(0)],
    ],
    ["a sigmoid inside", "logit", [...patches, l.dropout(), l.flatten(), l.linear(1)]],
    ["means of patches", "logit", [l.conv2d(1, 4, { stride: 4 }), l.avgPool2d(2), l.flatten()]],
    ["a residual of a sigmoid", "logit", [l.flatten(), l.linear(1), l.residual([l.sigmoid()])]],
    ["a reconstruction error", "energy", [l.reconstructionError([l.conv2d(1, 1)])]],
    [
      "one in a sequential, before what only reshapes",
      "energy",
      [l.sequential("main", [l.reconstructionError([l.tanh()])]), l.unflatten([1, 1, 1])],
    ],
    ["a line over one", "logit", [l.reconstructionError([l.tanh()]), l.linear(1)]],
    ["nothing but a shape", "logit", [l.avgPool2d(8), l.flatten()]],
  ])("knows what scores are: %s", (_, scores, layers) => {
    expect(new Discriminator({ image: [1, 8, 8], layers }).scores).toBe(scores);
  });
});
