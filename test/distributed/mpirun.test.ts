// `sparring train` as mpirun starts it: the variables are Open MPI's own.
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { freePort } from "../helpers/ranks.js";

let folder: { readonly path: string; remove(): Promise<void> };

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(`${folder.path}/data`, 130);
});
afterAll(() => folder.remove());

const train = "train --preset mlp --data data --size 8 --batch 32 --steps 4 --threads 1 --seed 1";
const run = (words: string, env: NodeJS.ProcessEnv) =>
  runCli(`${train} ${words}`.split(" "), folder.path, env);

const processOf = (rank: number) => ({
  OMPI_COMM_WORLD_RANK: String(rank),
  OMPI_COMM_WORLD_SIZE: "2",
  OMPI_COMM_WORLD_LOCAL_RANK: String(rank),
});

it("its processes are ranks of one run where they are told a place to meet", async () => {
  const place = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: String(await freePort()) };
  const [first, second] = await Promise.all(
    [0, 1].map((rank) => run("--out two", { ...processOf(rank), ...place })),
  );
  expect(first).toMatchObject({ code: 0 });
  expect(first?.stderr).toContain("on 2 ranks of cpu, 1 thread\n");
  expect(second).toEqual({ code: 0, stdout: "", stderr: "" });
});

it("what a rank says begins with the number that mpirun gave it", async () => {
  const place = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: "0" };
  const { code, stderr } = await run("--out none", { ...processOf(1), ...place });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^rank 1: Expected a whole number from 1 to 65535 for MASTER_PORT/);
});

it("without a place each trains by itself, and says so", async () => {
  const { code, stderr } = await run("--out alone", processOf(0));
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^This is one of 2 processes \(OMPI_COMM_WORLD_SIZE\): without MASTER_ADDR and MASTER_PORT each of them trains by itself\n/,
  );
  expect((await run("--out one", {})).stderr).not.toContain("processes");
});
