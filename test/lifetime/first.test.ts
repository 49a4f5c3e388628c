// The first numbers of a process are those of any later moment. MKL chooses its kernels for tanh and the like at their
// first call: where two threads called first at once, one in ten processes had a half of its samples rounded otherwise.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const sampler = fileURLToPath(new URL("./sampler.mjs", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
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

const program = 'await (await import("./dist/index.js")).threads();';
const inWorker = `import { Worker } from "node:worker_threads"; new Worker(${JSON.stringify(program)}, { eval: true });`;
it("what its user set is still there, where a worker does not see it", async () => {
  const source = `import { Worker } from "node:worker_threads";
    const options = { eval: true, env: {} };
    for (let i = 0; i < 2; ++i)
      await new Promise((end) => new Worker(${JSON.stringify(program)}, options).once("exit", end));
    console.log(process.env.GOMP_SPINCOUNT);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", source],
    { cwd: root, env: { ...process.env, GOMP_SPINCOUNT: "70" } },
  );
  expect(stdout).toBe("70\n");
});

it.each([
  ["the main thread", program],
  ["a worker, whose environment is a copy", inWorker],
])("OpenMP is told how long to wait by %s, and its user is believed", async (_, source) => {
  const told = async (more: NodeJS.ProcessEnv) => {
    const { GOMP_SPINCOUNT, OMP_WAIT_POLICY, ...env } = process.env;
    const { stderr } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", source],
      { cwd: root, env: { ...env, OMP_DISPLAY_ENV: "VERBOSE", ...more } },
    );
    return /GOMP_SPINCOUNT = '(\w+)'/.exec(stderr)?.[1];
  };
  expect(await told({})).toBe("3000");
  expect(await told({ GOMP_SPINCOUNT: "70" })).toBe("70");
  expect(await told({ OMP_WAIT_POLICY: "passive" })).toBe("0");
});
