// Vectors: learns eight Gaussians on a ring, the points that a GAN is first tried on, and says how many of them its samples
// find. ring.svg has data (black) and samples (green). See docs/datasets.md.
//   node examples/ring.mjs 6000
import { writeFile } from "node:fs/promises";
import { Discriminator, datasets, Generator, layers as l, setThreads } from "sparring";
import { objectives, optimizers, penalties, schedules, Trainer } from "sparring";

await setThreads(1); // products this small are done before a second thread has begun
const steps = Number(process.argv[2] ?? 6000);
const [radius, deviation, count] = [2, 0.02, 65_536];
const hidden = () => [l.linear(128), l.relu(), l.linear(128), l.relu()];
const latent = { noise: 2 };
const generator = new Generator({ latent, layers: [...hidden(), l.linear(2)] }, { seed: 7 });
const discriminator = new Discriminator({ image: [2], layers: [...hidden(), l.linear(1)] });
const schedule = schedules.cosine({ steps });
const adam = optimizers.adam({ lr: 2e-3, betas: [0.5, 0.999], schedule });
const trainer = new Trainer({
  generator,
  discriminator,
  objective: objectives.nonSaturating({ penalties: [penalties.r1({ weight: 0.02 })] }),
  optimizer: { generator: adam, discriminator: adam },
  order: "discriminatorFirst",
});

/** x (axis 0) or y (axis 1) of a centre. @param {number} i @param {number} axis */
const centre = (i, axis) => radius * Math.cos((i * Math.PI) / 4 - (axis * Math.PI) / 2);
// Normal numbers, x and y in turn, go around the centres, one after the other.
const normal = await generator.noise(count, { seed: 1 });
const points = normal.map((z, i) => centre(i >> 1, i % 2) + deviation * z);
const data = await datasets.fromValues(points, { shape: [count, 2] });

/** The numbers of samples as points. @param {{ data: Float32Array }} samples */
const pointsOf = ({ data }) =>
  Array.from({ length: data.length / 2 }, (_, i) => [data[2 * i] ?? 0, data[2 * i + 1] ?? 0]);

for await (const { step } of trainer.run(data, { steps, batchSize: 256, tickEvery: 1000 })) {
  const found = new Array(8).fill(0);
  for (const [x = 0, y = 0] of pointsOf(await generator.sample(10_000, { seed: 0 }))) {
    const mode = (Math.round((4 * Math.atan2(y, x)) / Math.PI) + 8) % 8;
    const away = Math.hypot(x - centre(mode, 0), y - centre(mode, 1));
    if (away <= 3 * deviation) found[mode] += 1;
  }
  // A mode counts from a quarter of its share of the samples on.
  const modes = found.filter((near) => near >= 10_000 / 8 / 4).length;
  const good = found.reduce((sum, near) => sum + near) / 100;
  console.log(`${step} steps: ${modes} of 8 modes, ${good.toFixed(1)} % good samples`);
}

/** @param {{ data: Float32Array }} samples @param {string} colour */
const dots = (samples, colour) =>
  pointsOf(samples).map(
    ([x = 0, y = 0]) =>
      `<circle cx="${(80 * x).toFixed(1)}" cy="${(-80 * y).toFixed(1)}" r="1" fill="${colour}"/>`,
  );
const drawn = [
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-200 -200 400 400" width="400" height="400">',
  '<rect x="-200" y="-200" width="400" height="400" fill="white"/>',
  ...dots(await data.read(0, 2000), "black"),
  ...dots(await generator.sample(2000, { seed: 0 }), "green"),
  "</svg>",
];
await writeFile("ring.svg", drawn.join("\n"));
