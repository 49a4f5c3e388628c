// Goes on from a checkpoint in a process of its own: prints the fingerprint of test/helpers/presets.ts after 4 steps.
import { createHash } from "node:crypto";
import { datasets, setThreads, Trainer } from "sparring";

const [path, threads] = process.argv.slice(2);
await setThreads(Number(threads));
const trainer = await Trainer.load(path);
const [, size] = trainer.generator.image;
const pixels = Uint8Array.from({ length: 80 * size * size }, (_, i) => (i * i * 7) >> 4);
const labels = Uint8Array.from({ length: 80 }, (_, i) => i % 10);
const data = await datasets.fromBytes(pixels, { shape: [80, 1, size, size], labels });
for await (const _ of trainer.run(data, { steps: 4, batchSize: 16, tickEvery: 1 }));
const { tensors, ...rest } = await trainer.snapshot();
const hash = createHash("sha256").update(JSON.stringify(rest));
for (const { name, data } of tensors) hash.update(name).update(data);
console.log(hash.digest("hex"));
