// What goes wrong between ranks: each of them says what, and which of them it was.
import { existsSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import { allEnded, freePort, rankEnvironment, runRanks, startRanks } from "../helpers/ranks.js";

const errors = (ends: readonly { stderr: string }[]) => ends.map(({ stderr }) => stderr.trim());

it("each rank knows who and how many they are, and hears the others", async () => {
  const ends = await runRanks(3, "join", {});
  expect(ends.map(({ stdout }) => JSON.parse(stdout))).toEqual(
    [0, 1, 2].map((rank) => [rank, 3, rank, ["rank 0", "rank 1", "rank 2"]]),
  );
});

it("ranks take all over from rank 0 before their first run alone", async () => {
  const ends = await runRanks(2, "twice", {});
  expect(ends.map(({ stderr, stdout }) => stderr || JSON.parse(stdout))).toEqual([
    [1, 4],
    [1, 4],
  ]);
});

it("ranks that train until a step count those of rank 0, whatever each had before", async () => {
  const folder = await makeFolder();
  const ends = await runRanks(2, "until", { to: join(folder.path, "checkpoint") });
  await folder.remove();
  expect(ends.map(({ stderr, stdout }) => stderr || JSON.parse(stdout))).toEqual([
    [6, 7, 9],
    [6, 7, 9],
  ]);
});

// Where ranks normalise together they wait for each other in the middle of passes, too.
it.each(["hinge", "syncDcgan"])(
  "a rank that is killed in the middle of a step is named by all others: %s",
  async (game) => {
    const ranks = await startRanks(4, "run", { game });
    await Promise.all(ranks.map((rank) => rank.says(/20\n/)));
    ranks[2]?.child.kill("SIGKILL");
    const ends = await allEnded(ranks);
    for (const rank of [0, 1, 3]) {
      expect(ends[rank]?.code).toBe(1);
      expect(errors(ends)[rank]).toMatch(
        /^ERR_RANK: Expected rank 2 to take part but received nothing: it has ended, or cannot be reached, or took longer than 60 s \(/,
      );
    }
  },
);

it("rank 0, which keeps the store, is named as well when it is killed", async () => {
  const ranks = await startRanks(3, "run", {});
  await Promise.all(ranks.map((rank) => rank.says(/20\n/)));
  ranks[0]?.child.kill("SIGKILL");
  const ends = await allEnded(ranks);
  for (const rank of [1, 2])
    expect(errors(ends)[rank]).toMatch(/^ERR_RANK: Expected rank 0 to take part/);
});

it("a rank that takes longer than the timeout is named, and finds the others gone", async () => {
  const ranks = await startRanks(3, "run", { timeout: 2 });
  await Promise.all(ranks.map((rank) => rank.says(/20\n/)));
  ranks[1]?.child.kill("SIGSTOP");
  const [zero, two] = await Promise.all([ranks[0]?.ended, ranks[2]?.ended]);
  ranks[1]?.child.kill("SIGCONT");
  const one = await ranks[1]?.ended;
  for (const other of [zero, two])
    expect(other?.stderr).toMatch(
      /^ERR_RANK: Expected rank 1 to take part but received nothing: it has ended, or cannot be reached, or took longer than 2 s \(/,
    );
  expect(one?.stderr).toMatch(/^ERR_RANK: Expected rank 0 to take part/);
});

it("a rank that disposes its group is named at once, also where it lives on with its trainer", async () => {
  const ranks = await startRanks(3, ["run", "leave", "run"], { timeout: 300 });
  await ranks[1]?.says(/left/);
  const [zero, two] = await Promise.all([ranks[0]?.ended, ranks[2]?.ended]);
  expect(ranks[1]?.child.exitCode).toBe(null);
  ranks[1]?.child.stdin.end();
  for (const other of [zero, two])
    expect(other?.stderr).toMatch(/^ERR_RANK: Expected rank 1 to take part but received nothing/);
  // Its barrier.
  expect((await ranks[1]?.ended)?.stderr).toBe("ERR_DISPOSED: This group was disposed\n");
});

const lackOf = {
  images: [
    "ERR_DATA",
    "Expected packed images that can be read for the dataset but received a file that became shorter",
  ],
  memory: [
    "ERR_MEMORY",
    "Expected a batch whose step fits into 0 MB of free host memory for batchSize but received 8 (it holds at least 0 MB)",
  ],
} as const;

// Rank 0 keeps the store in which the others read why. Of the games one begins sums early, in one
// ranks wait in the middle of passes.
it.each([
  [1, 3, "hinge", "images"],
  [0, 3, "hinge", "images"],
  [2, 3, "wganGp", "images"],
  [1, 3, "syncDcgan", "images"],
  // Before the first all look whether they have the same images.
  [1, 0, "hinge", "images"],
  // It is refused before they do so.
  [1, 0, "hinge", "memory"],
  [0, 0, "hinge", "memory"],
] as const)(
  "what rank %i alone lacks after step %i is heard of by all: %s, %s",
  async (who, at, game, lacks) => {
    const folder = await makeFolder();
    const names = Array.from({ length: 22 }, (_, i) => [`${i}.png`, 11 * i] as const);
    const root = await writeTree(join(folder.path, "images"), Object.fromEntries(names));
    const since = performance.now();
    const given = { root, who, at, game, lacks, timeout: 300, port: await freePort() };
    const ends = await runRanks(3, "failAlone", given);
    await folder.remove();
    expect((performance.now() - since) / 1000).toBeLessThan(60);
    const [code, own] = lackOf[lacks];
    const told = `ERR_RANK: Expected all 3 ranks to take part but received an error of rank ${who}: ${own}`;
    for (const [rank, end] of ends.entries()) {
      const first = rank === who ? `${code}: ${own}` : told;
      expect(JSON.parse(end.stdout)).toEqual([first, told, told]);
      // The barrier of the group that it left.
      expect([end.stderr, end.code]).toEqual(["ERR_DISPOSED: This group was disposed\n", 1]);
    }
  },
);

it.each([
  [1, "gather", "Expected a step of run(), as rank 0 is in it, for rank 1 but received gather()"],
  [0, "barrier", "Expected barrier(), as rank 0 is in it, for rank 1 but received a step of run()"],
  [1, "run", "Expected a step of run(), as rank 0 is in it, for rank 1 but received run()"],
])(
  "a loop that rank %i alone leaves, for %s(), ends on all long before the timeout",
  async (who, then, sentence) => {
    const since = performance.now();
    const ends = await runRanks(2, "stray", { who, then, timeout: 300 });
    expect((performance.now() - since) / 1000).toBeLessThan(60);
    expect(errors(ends)).toEqual([`ERR_RANK: ${sentence}`, `ERR_RANK: ${sentence}`]);
  },
);

it("two trainers whose ticks come in another order on one rank are told apart", async () => {
  const ends = await runRanks(2, "crossed", {});
  const sentence =
    "ERR_RANK: Expected a step of trainer 1, as rank 0 is in it, for rank 1 but received a step of trainer 2";
  expect(errors(ends)).toEqual([sentence, sentence]);
  expect(ends.map(({ stdout }) => JSON.parse(stdout))).toEqual(["in order", "in order"]);
});

it.each<[string, object, string]>([
  [
    "takes another optimizer",
    { lr: 0.5 },
    "Expected 0.001, as rank 0 has it, for optimizer.generator.lr of rank 1 but received 0.5",
  ],
  [
    "goes on with the one it has",
    { runs: true },
    "Expected setOptimizer(), as rank 0 is in it, for rank 1 but received run()",
  ],
])("a rank that %s is refused, and both are named", async (_, rank1, sentence) => {
  const folder = await makeFolder();
  const to = join(folder.path, "checkpoint");
  const ends = await runRanks(2, "optimize", { game: "hinge", lr: 0.001, to, rank1 });
  await folder.remove();
  expect(errors(ends)).toEqual([`ERR_RANK: ${sentence}`, `ERR_RANK: ${sentence}`]);
});

it("a rank that waits for another can leave, and go on alone", async () => {
  const ranks = await startRanks(2, "hangUp", { timeout: 600 });
  await ranks[0]?.says(/\["ERR_DISPOSED",1\]/);
  for (const { child } of ranks) child.kill("SIGKILL");
  await allEnded(ranks);
});

it("ranks that are in different calls are told which, and none of them ends by it", async () => {
  const to = join(tmpdir(), `sparring-never-${process.pid}`);
  const ends = await runRanks(2, ["save", "run"], { to });
  const sentence = "ERR_RANK: Expected save(), as rank 0 is in it, for rank 1 but received run()";
  expect(errors(ends)).toEqual([sentence, sentence]);
  expect(ends.map(({ code }) => code)).toEqual([1, 1]);
  expect(existsSync(to)).toBe(false);
});

it("what ranks do together is refused in the middle of a tick, and goes between two", async () => {
  const to = join(tmpdir(), `sparring-never-${process.pid}`);
  const ends = await runRanks(2, "between", { to });
  const refused = ["gather()", "barrier()", "save()", "setOptimizer()", "run()"].map(
    (call) =>
      `ERR_BUSY: Expected ranks between two ticks for ${call} but received some in the middle of one`,
  );
  const told = [refused, ["rank 0 at 40", "rank 1 at 40"]];
  expect(ends.map(({ stderr, stdout }) => stderr || JSON.parse(stdout))).toEqual([told, told]);
  expect(existsSync(to)).toBe(false);
});

it("ranks that do not come are named", async () => {
  const ends = await runRanks(
    2,
    "join",
    { timeout: 2 },
    { 0: { WORLD_SIZE: "4" }, 1: { WORLD_SIZE: "4" } },
  );
  for (const error of errors(ends))
    expect(error).toBe(
      "ERR_RANK: Expected 4 ranks for WORLD_SIZE but received 2 within 2 s: ranks 2, 3 did not come",
    );
});

it("a rank with another world size is refused, and both are named", async () => {
  const ends = await runRanks(2, "join", { timeout: 20 }, { 1: { WORLD_SIZE: "3" } });
  expect(errors(ends)).toEqual([
    "ERR_RANK: Expected WORLD_SIZE 2, as rank 0 has it, for rank 1 but received 3",
    "ERR_RANK: Expected WORLD_SIZE 3, as rank 1 has it, for rank 0 but received 2",
  ]);
});

it("a second process of the same rank is refused", async () => {
  const ends = await runRanks(3, "join", { timeout: 3 }, { 2: { RANK: "1" } });
  const refused = errors(ends).filter((error) => error.includes("for RANK"));
  expect(refused).toEqual(["ERR_RANK: Expected one process for RANK 1 but received a second one"]);
});

it("a port in use is refused", async () => {
  const port = await freePort();
  const server = createServer().listen(port, "127.0.0.1");
  const env = rankEnvironment(0, 2, port);
  const [end] = await runRanks(1, "join", { timeout: 5 }, { 0: env });
  server.close();
  expect(end?.stderr.trim()).toBe(
    `ERR_RANK: Expected a free port for MASTER_PORT but received ${port}, which is in use`,
  );
});

it("a store that does not answer is waited for as long as the timeout", async () => {
  const port = await freePort();
  const guests: Socket[] = [];
  const server = createServer((guest) => guests.push(guest)).listen(port, "127.0.0.1");
  const since = performance.now();
  const [end] = await runRanks(1, "join", { timeout: 2 }, { 0: rankEnvironment(1, 2, port) });
  expect((performance.now() - since) / 1000).toBeLessThan(60);
  for (const guest of guests) guest.destroy();
  server.close();
  expect(end?.stderr.trim()).toBe(
    `ERR_RANK: Expected a store for MASTER_ADDR and MASTER_PORT but received 127.0.0.1:${port} (no answer within 2 s)`,
  );
});

it.each([0, 1])("rank %i without the interface that it names says so, as do all", async (who) => {
  const env = { [who]: { GLOO_SOCKET_IFNAME: "none0" } };
  const ends = await runRanks(2, "join", { timeout: 60 }, env);
  const own =
    'Expected a network interface of this machine for GLOO_SOCKET_IFNAME but received "none0"';
  expect(errors(ends)[who]).toBe(`ERR_RANK: ${own}`);
  expect(errors(ends)[1 - who]).toBe(
    `ERR_RANK: Expected all 2 ranks to take part but received an error of rank ${who}: ${own}`,
  );
});

it("a rank of another version is refused, and both are named", async () => {
  const [end] = await runRanks(2, ["join", "greet"], { timeout: 20 });
  expect(end?.stderr.trim()).toMatch(
    /^ERR_RANK: Expected Sparring [\d.]+ on libtorch [\d.]+, as rank 0 has it, for rank 1 but received Sparring 9.0.0 on libtorch 2.99.0$/,
  );
});

it.each([
  [
    "batch size",
    { batchSize: 4 },
    "Expected 8, as rank 0 has it, for batchSize of rank 1 but received 4",
  ],
  [
    "tickEvery",
    { tickEvery: 4 },
    "Expected 1, as rank 0 has it, for tickEvery of rank 1 but received 4",
  ],
  [
    "end",
    { untilStep: 30 },
    "Expected 20, as rank 0 has it, for untilStep of rank 1 but received 30",
  ],
  [
    "objective",
    { game: "minimax" },
    'Expected "hinge", as rank 0 has it, for trainer.objective.type of rank 1 but received "minimax"',
  ],
  [
    "kind of BatchNorm",
    { rules: { syncBatchNorm: true } },
    "Expected false, as rank 0 has it, for trainer.syncBatchNorm of rank 1 but received true",
  ],
  [
    "precision of sums",
    { rules: { reducePrecision: "bfloat16" } },
    'Expected "float32", as rank 0 has it, for trainer.reducePrecision of rank 1 but received "bfloat16"',
  ],
  [
    "precision",
    { rules: { precision: "bfloat16" } },
    'Expected "float32", as rank 0 has it, for trainer.precision of rank 1 but received "bfloat16"',
  ],
  [
    "average",
    { rules: { ema: { decay: 0.9 } } },
    "Expected none, as rank 0 has it, for trainer.ema of rank 1 but received { decay: 0.9, rampUp: 0.05 }",
  ],
  [
    "dataset",
    { data: 20 },
    /^ERR_RANK: Expected "[0-9a-f]{16}", as rank 0 has it, for data of rank 1/,
  ],
])("a rank with another %s is refused, and both are named", async (_, rank1, sentence) => {
  const length = "untilStep" in rank1 ? { untilStep: 20 } : { steps: 20 };
  for (const error of errors(await runRanks(2, "run", { rank1, ...length }))) {
    if (sentence instanceof RegExp) expect(error).toMatch(sentence);
    else expect(error).toBe(`ERR_RANK: ${sentence}`);
  }
});

it("process.exit() does not wait for the others", async () => {
  const ranks = await startRanks(2, "exit", { timeout: 600 });
  const end = await ranks[0]?.ended;
  ranks[1]?.child.kill("SIGKILL");
  expect(end).toMatchObject({ code: 7, stderr: "" });
});

it("process.exit() does not wait for a rank 0 that never comes", async () => {
  const [end] = await runRanks(
    1,
    "exitAlone",
    { timeout: 600 },
    { 0: { RANK: "1", WORLD_SIZE: "2" } },
  );
  expect(end).toMatchObject({ code: 7, stderr: "" });
});
