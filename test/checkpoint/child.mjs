// Goes on from checkpoints in a process of its own: `child.mjs THREADS PATH...` prints, for each, the fingerprint of
// test/helpers/presets.ts after 4 more steps.
import { createHash } from "node:crypto";
import { datasets, setThreads, Trainer } from "sparring";

const [threads, ...paths] = process.argv.slice(2);
await setThreads(Number(threads));
for (const path of paths) console.log(await goOn(path));

async function goOn(path) {
  const trainer = await Trainer.load(path);
  const [, size] = trainer.generator.image;
  const pixels = Uint8Array.from({ length: 80 * size * size }, (_, i) => (i * i * 7) >> 4);
  const labels = Uint8Array.from({ length: 80 }, (_, i) => i % 10);
  const data = await datasets.fromBytes(pixels, { shape: [80, 1, size, size], labels });
  for await (const _ of trainer.run(data, { steps: 4, batchSize: 16, tickEvery: 1 }));
  const { tensors, ...rest } = await trainer.snapshot();
  const hash = createHash("sha256").update(JSON.stringify(rest));
  for (const { name, data } of tensors) hash.update(name).update(data);
  return hash.digest("hex");
}
