// Asks for samples whose convolutions oneDNN has no kernels for yet, while there is no room for
// more of them, and again when there is. Told as two lines: what was answered from the first
// refusal on (what the heap has left may do for a kernel or two before it), and what later.
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
const tell = (generator, count = 3) =>
  generator.sample(count).then(
    (samples) => samples.count,
    ({ code, message }) => ({ code, message }),
  );

await setThreads(1);
const known = build(16);
await known.sample(3);
await tell(known, -1); // what a refusal needs of JavaScript is compiled while there is room
const others = [24, 32, 40, 48, 56, 72, 80, 88].map(build);
for (const generator of others) await generator.ready();
gc({ type: "minor" }); // V8 ends a process that has no room for its own values: it has it now
const [, used] = /VmSize:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
leave(Number(used) * 1024 + 2 ** 20);
const told = [];
for (const generator of others) told.push(await tell(generator));
leave("unlimited");
const first = told.findIndex(({ code }) => code !== undefined);
console.log(JSON.stringify(first < 0 ? [] : told.slice(first)));
const made = [];
for (const generator of [known, ...others]) made.push(await tell(generator));
console.log(JSON.stringify({ made, threads: await threads() }));
