// The first numbers of a process are those of any later moment. MKL chooses its kernels for tanh and the like at their
// first call: where two threads called first at once, one in ten processes had a half of its samples rounded otherwise.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const sampler = fileURLToPath(new URL("./sampler.mjs", import.meta.url));
const processes = 40;

it(`the first samples of ${processes} processes are those that each draws again`, {
  timeout: 240_000,
}, async () => {
  const env = { ...process.env, OMP_NUM_THREADS: "8" };
  const answers: string[] = [];
  for (let i = 0; i < processes; i += 1)
    answers.push((await promisify(execFile)(process.execPath, [sampler], { env })).stdout);
  expect(answers.filter((answer) => answer !== "equal")).toEqual([]);
});
