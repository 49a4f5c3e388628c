// A seed and a number of threads give the same bytes every time, in both executions.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Discriminator,
  datasets,
  Generator,
  setThreads,
  threads,
  Trainer,
} from "../../lib/index.js";
import { type PresetName, presetNames, presets } from "../../lib/presets.js";

async function fingerprint(name: PresetName, execution: "eager" | "fused", seed: number) {
  const { pair, size: sizes, batch, steps, summary, ...options } = presets[name];
  const size = Array.from({ length: 25 }, (_, i) => i + 8).find(sizes.fits) as number;
  const { generator, discriminator } = pair({ size, channels: 1 });
  using trainer = new Trainer({
    ...options,
    generator: new Generator(generator, { seed }),
    discriminator: new Discriminator(discriminator),
    execution,
  });
  const pixels = Uint8Array.from({ length: 80 * size * size }, (_, i) => (i * i * 7) >> 4);
  const labels = Uint8Array.from({ length: 80 }, (_, i) => i % 10);
  using data = await datasets.fromBytes(pixels, { shape: [80, 1, size, size], labels });
  const hash = createHash("sha256");
  for await (const { discriminatorLoss, generatorLoss } of trainer.run(data, {
    ...{ steps: 4, batchSize: 16, tickEvery: 1 },
  }))
    hash.update(`${discriminatorLoss} ${generatorLoss}`);
  for (const network of [trainer.generator, trainer.discriminator, trainer.ema])
    for (const { data: bytes } of (await network?.native.state()) ?? []) hash.update(bytes);
  return hash.digest("hex");
}

describe.each([1, 2])("with %d threads", (count) => {
  let before: number;
  beforeAll(async () => {
    before = await threads();
    await setThreads(count);
  });
  afterAll(() => setThreads(before));

  describe.each(["eager", "fused"] as const)("%s", (execution) => {
    it.each(presetNames)("%s: equal seeds, equal bytes; another seed, others", async (name) => {
      const first = await fingerprint(name, execution, 5);
      expect(await fingerprint(name, execution, 5)).toBe(first);
      expect(await fingerprint(name, execution, 6)).not.toBe(first);
    });
  });
});
