// Asks for samples whose convolutions oneDNN has no kernels for yet, while there is no room for
// more of them, and again when there is. Told as two lines.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Generator, layers as l, setThreads, threads } from "sparring";

const leave = (bytes) => execFileSync("prlimit", [`--pid=${process.pid}`, `--as=${bytes}:`]);
const build = (channels) =>
  new Generator({
    latent: { noise: 4 },
    layers: [
      ...[l.linear(channels * 64), l.unflatten([channels, 8, 8])],
      l.conv2d(channels, 3, { padding: 1 }),
    ],
  });
const tell = (generator) =>
  generator.sample(3).then(
    ({ count }) => count,
    ({ code, message }) => ({ code, message }),
  );

await setThreads(1);
const known = build(16);
await known.sample(3);
const others = [24, 32, 40, 48, 56].map(build);
for (const generator of others) await generator.ready();
const [, used] = /VmSize:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
leave(Number(used) * 1024 + 2 ** 20);
const refused = [];
for (const generator of others) refused.push(await tell(generator));
leave("unlimited");
console.log(JSON.stringify(refused));
const made = [];
for (const generator of [known, ...others]) made.push(await tell(generator));
console.log(JSON.stringify({ made, threads: await threads() }));
