// Asks for work while there is no room for another thread, and again when there is. Told as two
// lines.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Generator, layers as l, setThreads } from "sparring";
import { addon } from "../dist/addon.js";

const leave = (bytes) => execFileSync("prlimit", [`--pid=${process.pid}`, `--as=${bytes}:`]);
const told = ({ code, message }) => ({ code, message });
const build = () => new Generator({ latent: { noise: 2 }, layers: [l.linear(3)] });

addon();
const [, used] = /VmSize:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
// A thread's stack takes 8 MB.
leave(Number(used) * 1024 + (4 << 20));
const promised = await setThreads(1).then(() => ({}), told);
let built = {};
try {
  build();
} catch (error) {
  built = told(error);
}
leave("unlimited");
console.log(JSON.stringify([promised, built]));
await setThreads(1);
await build().ready();
console.log(JSON.stringify("done"));
