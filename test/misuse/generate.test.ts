// What a stranger has a generator make images of: latents.
import { bad, detached, drawsAsBefore, refuses } from "../helpers/misuse.js";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Generator, layers as l } from "../../lib/index.js";
import { tinyGenerator } from "../helpers/training.js";

const generator = tinyGenerator();
const conditional = tinyGenerator({ noise: 5, classes: 3, codes: 2 });
const embedded = tinyGenerator({ noise: 5, classes: 3, labels: "embedded" });
const styled = new Generator({
  latent: { noise: 5 },
  layers: [l.styled({ mapping: [l.linear(4)], synthesis: [l.linear(2)] })],
});
/** Images of 16 million pixels, each of two numbers. */
const vast = new Generator({
  latent: { noise: 2 },
  layers: [l.unflatten([2, 1, 1]), l.conv2d(1, 1), l.upsample(4096)],
});
const unchanged = drawsAsBefore(generator);

refuses(
  "Generator.generate",
  [
    [
      "no latents",
      () => generator.generate(bad(undefined)),
      "TypeError",
      "Expected a Float32Array for latents but received undefined",
    ],
    [
      "latents as an array",
      () => generator.generate(bad([0, 0, 0, 0, 0])),
      "TypeError",
      "Expected a Float32Array for latents but received [0, 0, 0, 0, 0]",
    ],
    [
      "latents as doubles",
      () => generator.generate(bad(new Float64Array(5))),
      "TypeError",
      "Expected a Float32Array for latents but received Float64Array(40 bytes)",
    ],
    [
      "latents as a buffer",
      () => generator.generate(bad(new ArrayBuffer(20))),
      "TypeError",
      "Expected a Float32Array for latents but received an instance of ArrayBuffer",
    ],
    [
      "latents behind a proxy",
      () => generator.generate(new Proxy(new Float32Array(5), {})),
      "TypeError",
      "Expected a Float32Array for latents but received an instance of Float32Array",
    ],
    [
      "what only inherits from Float32Array",
      () => generator.generate(Object.create(Float32Array.prototype)),
      "TypeError",
      "Expected a Float32Array for latents but received an instance of Float32Array",
    ],
    [
      "no numbers",
      () => generator.generate(new Float32Array(0)),
      "RangeError",
      'Expected a multiple of 5 values, one latent at least, for latents but received "0 values"',
    ],
    [
      "latents of more samples than an array has room for",
      () => vast.generate(new Float32Array(2 * 65)),
      "RangeError",
      'Expected at most 64 latents a call (4 GiB) for latents but received "65 of them"',
    ],
    [
      "latents whose memory was given away",
      () => generator.generate(detached(new Float32Array(5))),
      "TypeError",
      "Expected an array whose memory was not transferred away for latents but received Float32Array(0 bytes)",
    ],
    [
      "latents that others can change",
      () => generator.generate(new Float32Array(new SharedArrayBuffer(20))),
      "TypeError",
      "Expected an array over memory of its own, not shared, for latents but received Float32Array(20 bytes)",
    ],
    [
      "a label where there are no classes",
      () => generator.generate(new Float32Array(5), bad({ labels: 0 })),
      "TypeError",
      "Expected nothing (the latent has no classes) for labels but received 0",
    ],
    [
      "labels beside one-hot latents",
      () => conditional.generate(new Float32Array(10), bad({ labels: 0 })),
      "TypeError",
      "Expected nothing (they are one-hot in the latents) for labels but received 0",
    ],
    [
      "embedded labels that are missing",
      () => embedded.generate(new Float32Array(5)),
      "TypeError",
      "Expected a label from 0 to 2 for each sample for labels but received undefined",
    ],
    [
      "what only looks like a signal",
      () => generator.generate(new Float32Array(5), { signal: bad({ aborted: false }) }),
      "TypeError",
      "Expected an AbortSignal for signal but received { aborted: false }",
    ],
    [
      "an unknown execution",
      () => generator.generate(new Float32Array(5), { execution: bad("planned") }),
      "TypeError",
      'Expected one of eager, fused for execution but received "planned"',
    ],
    [
      "a seed",
      () => generator.generate(new Float32Array(5), bad({ seed: 0 })),
      "TypeError",
      'Expected only the options labels, truncationPsi, execution, signal for options but received "seed"',
    ],
    [
      "a truncation of styles where there are none",
      () => generator.generate(new Float32Array(5), { truncationPsi: 0.7 }),
      "TypeError",
      "Expected nothing (the generator has no styled layers) for truncationPsi but received 0.7",
    ],
    [
      "a truncation of styles as text",
      () => styled.generate(new Float32Array(5), { truncationPsi: bad("0.7") }),
      "TypeError",
      'Expected a finite number for truncationPsi but received "0.7"',
    ],
  ],
  unchanged,
);

it("takes a Float32Array of another realm, as test runners make them", async () => {
  const foreign: Float32Array = runInNewContext("new Float32Array(5)");
  expect(foreign).not.toBeInstanceOf(Float32Array);
  expect((await generator.generate(foreign)).count).toBe(1);
});
