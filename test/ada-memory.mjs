// By how much this process grows in a step with ADA, whose networks are next to nothing, and what a step is said to hold
// at least.
import { readFileSync } from "node:fs";
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  Trainer,
} from "sparring";

/** Bytes of a row of the system's table on this process. */
function bytesOf(row) {
  const [, kilobytes] = new RegExp(`^${row}:\\s+(\\d+) kB$`, "m").exec(
    readFileSync("/proc/self/status", "utf8"),
  );
  return 1024 * Number(kilobytes);
}

const channels = Number(process.argv[2]);
const [image, batchSize] = [[channels, 32, 32], 3000 / channels];
const sgd = optimizers.sgd({ lr: 0.01 });
const data = await datasets.fromBytes(new Uint8Array(3000 * 1024), {
  shape: [batchSize, ...image],
});
const trainer = new Trainer({
  generator: new Generator({
    latent: { noise: 2 },
    layers: [l.linear(1024 * channels), l.unflatten(image)],
  }),
  discriminator: new Discriminator({ image, layers: [l.flatten(), l.linear(1)] }),
  objective: objectives.nonSaturating(),
  optimizer: { generator: sgd, discriminator: sgd },
  ada: {},
  execution: "eager",
});
for await (const _ of trainer.run(data, { steps: 1, batchSize: 2 }));
const before = bytesOf("VmRSS");
for await (const _ of trainer.run(data, { steps: 1, batchSize }));
const peak = bytesOf("VmHWM") - before;
const { buffers } = await trainer.explain({ batchSize });
console.log(JSON.stringify({ peak, buffers }));
