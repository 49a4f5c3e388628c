// CommonJS: what may be loaded by require().
import { createRequire } from "node:module";
import { expect, it } from "vitest";

// From Node 20.19 and 22.12 on.
it.runIf(process.features.require_module)("the package is, as nothing in it awaits", async () => {
  const { Generator, architectures } = createRequire(import.meta.url)("../dist/index.js");
  const architecture = architectures.mlp({ latent: { noise: 4 }, image: [1, 8, 8] });
  using generator = new Generator(architecture, { seed: 0 });
  expect((await generator.sample(2)).shape).toEqual([2, 1, 8, 8]);
});
