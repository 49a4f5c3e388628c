// First weights against a script that draws them with torch.nn.init: same seed, same bytes, the vectors of spectral
// normalisation included.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Discriminator,
  Generator,
  type Init,
  layers as l,
  setThreads,
  threads,
} from "../../lib/index.js";
import { digest } from "../helpers/networks.js";
import { referee, type Verdict } from "../helpers/referee.js";

const seed = 23;

const inits: Readonly<Record<string, Init>> = {
  dcgan: "dcgan",
  normal: { type: "normal", std: 0.02 },
  uniform: { type: "uniform", range: 0.1 },
  xavierUniform: { type: "xavierUniform", gain: Math.SQRT2 },
  xavierNormal: { type: "xavierNormal" },
  kaimingUniform: { type: "kaimingUniform", a: 0.2, mode: "fanOut" },
  kaimingNormal: { type: "kaimingNormal", nonlinearity: "relu" },
  orthogonal: { type: "orthogonal" },
};

const half = { stride: 2, padding: 1 };

function makeGenerator(init: Init): Generator {
  const layers = [
    l.linear(16 * 8 * 8, { name: "l1" }),
    l.unflatten([16, 8, 8]),
    l.sequential("blocks", [
      l.batchNorm2d(),
      l.convTranspose2d(8, 4, { ...half, bias: false }),
      l.batchNorm2d(),
      l.relu(),
      l.conv2d(3, 3, { padding: 1 }),
      l.tanh(),
    ]),
  ];
  return new Generator({ latent: { noise: 100 }, init, layers }, { seed });
}

function makeDiscriminator(init: Init): Discriminator {
  const layers = [
    l.spectralNorm(l.conv2d(32, 3, { padding: 1, name: "c1" })),
    l.spectralNorm(l.conv2d(8, 4, { ...half, bias: false, name: "c2" })),
    l.spectralNorm(l.convTranspose2d(4, 2, { name: "up" })),
    l.flatten(),
    l.spectralNorm(l.linear(20, { name: "l1" })),
    l.linear(1, { name: "l2" }),
  ];
  return new Discriminator({ image: [3, 16, 16], init, layers });
}

describe("first weights", () => {
  let before = 1;
  let verdict: Verdict<Record<string, string>>;
  beforeAll(async () => {
    before = await threads();
    await setThreads(1);
    verdict = await referee("first-weights", "parity/first-weights.py", [String(seed)]);
  });
  afterAll(() => setThreads(before));

  it.for(Object.entries(inits))(
    "are those of PyTorch, bit for bit: %s",
    async ([name, init], { skip }) => {
      skip(!verdict.live, "the committed reference is another processor's");
      using generator = makeGenerator(init);
      using discriminator = makeDiscriminator(init);
      expect(await digest(generator, discriminator)).toBe(verdict.value[name]);
    },
  );
});
