// examples/distributed, as far as one machine can tell: the files parse, their options exist, and the batch script runs where
// srun starts processes of this machine.
import { chmod, mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { tables } from "../../scripts/scaling-model.mjs";
import { mainFile, runCli, start } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { freePort } from "../helpers/ranks.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples/distributed");
const read = (name: string) => readFile(join(examples, name), "utf8");

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  await mkdir(at("node_modules/.bin"), { recursive: true });
  await symlink(mainFile, at("node_modules/.bin/sparring"));
  await chmod(mainFile, 0o755);
});
afterAll(() => folder.remove());

/** What stands in for Slurm's programs. */
const stubs = {
  scontrol: `#!/bin/bash
if [ "$1" = show ]; then echo 127.0.0.1; else echo "$@" >> requeued; fi`,
  // Two tasks, and the highest of their exit codes.
  srun: `#!/bin/bash
[ "$1" = --kill-on-bad-exit=0 ] && shift
export SLURM_NTASKS=2 SLURM_STEP_ID=0
for task in 0 1; do SLURM_PROCID=$task SLURM_LOCALID=$task "$@" & pids[task]=$!; done
code=0
for pid in "\${pids[@]}"; do wait "$pid" || { one=$?; [ $one -gt $code ] && code=$one; }; done
exit $code`,
};

/** The ranks that run in this folder. */
async function tasksIn(cwd: string): Promise<number[]> {
  const found = await start("pgrep", ["-f", "--", "train run.json --out runs/cluster"], "/").ended;
  const all = found.stdout.trim().split("\n").map(Number);
  const folders = await Promise.all(all.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return all.filter((_, i) => folders[i] === cwd);
}

describe("the Slurm script", () => {
  it("runs, and after a signal goes back into the queue, and on from there", async () => {
    await mkdir(at("bin"));
    for (const [name, text] of Object.entries(stubs)) {
      await writeFile(at("bin", name), text);
      await chmod(at("bin", name), 0o755);
    }
    const run = { preset: "mlp", data: "data", size: 8, batch: 32, seed: 1, steps: 100_000 };
    await writeFile(at("run.json"), JSON.stringify({ ...run, logEvery: 3, threads: 1 }));
    const env = {
      PATH: `${at("bin")}:${process.env.PATH}`,
      ...{ SLURM_JOB_ID: String(process.pid), SLURM_JOB_NODELIST: "n1", SLURM_CPUS_PER_TASK: "1" },
    };
    const sbatch = (more: NodeJS.ProcessEnv = {}) =>
      start("bash", [join(examples, "slurm.sh"), "runs/cluster"], folder.path, { ...env, ...more });
    const job = sbatch();
    await job.says(/\[Epoch 2\//);
    for (const pid of await tasksIn(folder.path)) process.kill(pid, "SIGTERM");
    expect(await job.ended).toMatchObject({ code: 143 });
    expect(await readFile(at("requeued"), "utf8")).toBe(`requeue ${process.pid}\n`);
    const step = JSON.parse(await readFile(at("runs/cluster/summary.json"), "utf8")).step;
    await writeFile(
      at("run.json"),
      JSON.stringify({ ...run, logEvery: 3, threads: 1, steps: step + 4 }),
    );
    const again = await sbatch({ SLURM_RESTART_COUNT: "1" }).ended;
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain(`on 2 ranks of cpu, 1 thread\n`);
    expect(again.stderr).toContain(`from step ${step.toLocaleString("en-US")} on`);
  });
});

it("the PyTorchJob starts what there is, with options that there are", async () => {
  const documents = parseAllDocuments(await read("pytorchjob.yaml"));
  for (const { errors } of documents) expect(errors).toEqual([]);
  const [config, claim, job] = documents.map((one) => one.toJS());
  expect([config, claim, job].map(({ kind }) => kind)).toEqual([
    "ConfigMap",
    "PersistentVolumeClaim",
    "PyTorchJob",
  ]);
  expect(JSON.parse(config.data["run.json"])).toEqual(JSON.parse(await read("run.json")));
  const { Master, Worker } = job.spec.pytorchReplicaSpecs;
  for (const { template } of [Master, Worker]) {
    const { containers, volumes } = template.spec;
    expect(containers[0].name).toBe("pytorch");
    expect(containers[0].args).toEqual(Master.template.spec.containers[0].args);
    const mounted = containers[0].volumeMounts.map(({ name }: { name: string }) => name);
    expect(volumes.map(({ name }: { name: string }) => name)).toEqual(mounted);
  }
  await writeFile(at("pod.json"), config.data["run.json"]);
  const { command, args } = Master.template.spec.containers[0];
  expect(command).toEqual(["node_modules/.bin/sparring"]);
  const here = args.map((one: string) =>
    one.replace("/etc/sparring/run.json", "pod.json").replace("/runs/", "pods/"),
  );
  // Cheaper than a step of it: everything but training.
  const small = ["--data", "data", "--batch", "64", "--dry-run"];
  const dry = await runCli([...here, ...small], folder.path);
  expect(dry).toMatchObject({ code: 0 });
});

it("the TrainJob's pods meet and train, told what Kubeflow Trainer tells them", async () => {
  const documents = parseAllDocuments(await read("trainjob.yaml"));
  for (const { errors } of documents) expect(errors).toEqual([]);
  const [config, claim, runtime, job] = documents.map((one) => one.toJS());
  expect([config, claim, runtime, job].map(({ kind }) => kind)).toEqual([
    "ConfigMap",
    "PersistentVolumeClaim",
    "TrainingRuntime",
    "TrainJob",
  ]);
  expect(JSON.parse(config.data["run.json"])).toEqual(JSON.parse(await read("run.json")));
  expect(job.spec.runtimeRef).toMatchObject({ kind: runtime.kind, name: runtime.metadata.name });
  // The torch plugin of Trainer 2.0 to 2.3 sets PET_NODE_RANK and the rest only where there is a spec.trainer.
  expect(job.spec.trainer).toEqual({ numNodes: runtime.spec.mlPolicy.numNodes });
  const { containers, volumes } =
    runtime.spec.template.spec.replicatedJobs[0].template.spec.template.spec;
  const [node] = containers;
  expect(volumes.map(({ name }: { name: string }) => name)).toEqual(
    node.volumeMounts.map(({ name }: { name: string }) => name),
  );
  const run = { preset: "mlp", data: "data", size: 8, batch: 32, seed: 1, steps: 6, threads: 1 };
  await writeFile(at("trainjob.json"), JSON.stringify({ ...run, logEvery: 3 }));
  const script = node.args[0]
    .replace("/etc/sparring/run.json", "trainjob.json")
    .replace("/runs/", "trainjobs/");
  const port = String(await freePort());
  const pods = ["0", "1"].map((rank) =>
    start("sh", ["-c", script], folder.path, {
      ...{ PET_NODE_RANK: rank, PET_NNODES: "2" },
      ...{ PET_MASTER_ADDR: "127.0.0.1", PET_MASTER_PORT: port },
    }),
  );
  const ends = await Promise.all(pods.map(({ ended }) => ended));
  expect(ends.map(({ code, stderr }) => [code, code === 0 ? "" : stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  expect(ends[0]?.stderr).toContain("on 2 ranks of cpu, 1 thread\n");
});

it("the walkthrough and the page name options that exist", async () => {
  const { stdout: help } = await runCli(["train", "--help"], folder.path);
  const page = await readFile(join(root, "docs/scaling.md"), "utf8");
  for (const text of [await read("README.md"), page]) {
    const lines = text.match(/sparring train .*$/gm) ?? [];
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines)
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) expect(help).toContain(flag);
  }
});

it("the model's tables are those of the page", async () => {
  const page = await readFile(join(root, "docs/scaling.md"), "utf8");
  expect(page).toContain(`<!-- scripts/scaling-model.mjs -->\n${await tables()}\n<!-- end -->`);
});
