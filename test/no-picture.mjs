// Draws and reads a picture while there is no room for sharp, and when there is. Told as two lines.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { datasets, Images } from "sparring";

const leave = (bytes) => execFileSync("prlimit", [`--pid=${process.pid}`, `--as=${bytes}:`]);
const told = ({ code, message }) => ({ code, message });
const images = new Images(new Float32Array(256), [4, 1, 8, 8]);

async function drawAndRead() {
  const drawn = await images.toPng().then(({ length }) => length > 0, told);
  const how = { size: 4, cache: false, onBroken: "skip" };
  const read = await datasets.folder(process.argv[2], how).then(({ size }) => size, told);
  return [drawn, read];
}

// With all that it needs beside sharp.
await images.render({});
const [, used] = /VmSize:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
// The library behind sharp takes 17 MB.
leave(Number(used) * 1024 + (8 << 20));
const refused = await drawAndRead();
leave("unlimited");
console.log(JSON.stringify(refused));
console.log(JSON.stringify(await drawAndRead()));
