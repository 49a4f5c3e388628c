// What may be left out may be undefined too: options often come from somewhere else, and `tsc --init` asks for
// exactOptionalPropertyTypes. Nothing here runs: `npm run typecheck` is the test.
import {
  datasets,
  Discriminator,
  Generator,
  type GeneratorArchitecture,
  layers as l,
  objectives,
  optimizers,
  penalties,
  Trainer,
} from "../../lib/index.js";

declare const asked: {
  seed?: number;
  lr?: number;
  device?: "cpu";
  decay?: { decay: number };
  dropLast?: boolean;
  horizontalFlip?: boolean;
  signal?: AbortSignal;
};

export async function fromElsewhere(architecture: GeneratorArchitecture) {
  const { seed, lr, device, dropLast, horizontalFlip, signal } = asked;
  const generator = new Generator(architecture, { seed, device });
  const discriminator = new Discriminator(
    {
      image: [1, 2, 2],
      classes: undefined,
      layers: [l.flatten(), l.linear(1, { bias: undefined })],
    },
    { device },
  );
  const adam = optimizers.adam({ lr, betas: undefined });
  const trainer = new Trainer({
    generator,
    discriminator,
    objective: objectives.hinge({ penalties: [penalties.r1({ every: undefined })] }),
    optimizer: { generator: adam, discriminator: adam },
    ema: asked.decay,
    execution: undefined,
  });
  const data = await datasets.mnist({ size: undefined, device });
  const run = { steps: 1, dropLast, horizontalFlip, signal };
  for await (const _ of trainer.run(data, run)) return;
  const images = await generator.sample(1, { seed });
  await images.save("one.png", { columns: undefined });
}
