// The first samples of a process, and the same ones again: prints "equal" or "differ".
import { Generator, layers as l } from "../../dist/index.js";

const generator = new Generator(
  {
    latent: { noise: 64 },
    layers: [l.linear(256), l.leakyRelu(0.2), l.linear(1024), l.tanh(), l.unflatten([1, 32, 32])],
  },
  { seed: 1 },
);
const draw = async () => Buffer.from((await generator.sample(64, { seed: 0 })).data.buffer);
const first = await draw();
process.stdout.write(first.equals(await draw()) ? "equal" : "differ");
