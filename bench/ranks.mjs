// What a second process on the same machine brings: two ranks of one thread, which share a batch or
// have one each, and sum gradients in float32 or in bfloat16, against one process of one thread;
// how much of their step they spend on each other, and what goes over the wire.
//
// Bytes are those of the whole loopback interface. In a network of their own nobody else's are
// among them:
//   unshare -rn sh -c 'ip link set lo up; npm run bench -- --only ranks'
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { Discriminator, Generator } from "sparring";
import { caseNamed } from "./cases.mjs";
import { playRounds } from "./contest.mjs";
import { startSparring } from "./peers.mjs";
import { roundsOf } from "./rounds.mjs";
import { median, pairedRatio } from "./stats.mjs";
import { digits, percent, table, times } from "./text.mjs";

/** Where arithmetic is most of a step; the quicker one first. */
const names = ["article", "dcgan"];
const count = 2;
/** What ranks sum gradients in, and how many bytes one takes. */
const sums = [
  { reducePrecision: "float32", bytes: 4 },
  { reducePrecision: "bfloat16", bytes: 2 },
];

async function run(arena, options) {
  const { quick, onProgress } = options;
  const pace = { rounds: roundsOf(options), turnSeconds: quick ? 0.5 : 2 };
  const rows = [];
  for (const one of names.slice(0, quick ? 1 : names.length).map(caseNamed)) {
    const tell = (what) => onProgress(`${one.title}: ${what}`);
    rows.push(...(await measure(arena, one, pace, tell)));
  }
  return rows;
}

/**
 * A row for each number of images that a rank may have, half of the batch or all of one, and for
 * each precision of the sums.
 */
async function measure(arena, one, pace, onProgress) {
  const rankBatches = [one.batch / count, one.batch];
  const sides = [];
  const start = async (what, processes, settings) => {
    onProgress(what);
    sides.push(await startSide(arena, one, processes, settings));
  };
  try {
    await start("one process", 1, { batch: one.batch });
    for (const batch of rankBatches) {
      for (const { reducePrecision } of sums) {
        const settings = { batch: count * batch, joins: true, reducePrecision };
        await start(`${count} ranks, ${reducePrecision}`, count, settings);
      }
      // The same work without a word between them: the machine's part of what is lost.
      await start(`${count} processes`, count, { batch });
    }
    const [alone, ...turns] = await playRounds(sides, pace, onProgress);
    const rows = [];
    const each = sums.length + 1;
    for (const [i, rankBatch] of rankBatches.entries()) {
      const apart = turns[each * i + sums.length];
      for (const [j, sum] of sums.entries()) {
        const together = turns[each * i + j];
        const side = sides[1 + each * i + j];
        const measured = compare(one, rankBatch, [alone, together, apart]);
        const bytes = await countBytes(side, one, sum, Math.max(5, together.steps));
        rows.push({ name: one.name, title: one.title, ...measured, ...bytes });
      }
    }
    return rows;
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

/** Speedups are of images a second. */
function compare({ batch }, rankBatch, turns) {
  const [alone, together, apart] = turns.map(({ times }) => times);
  const more = (count * rankBatch) / batch;
  return {
    batch,
    rankBatch,
    ranks: count,
    aloneMs: 1000 * median(alone),
    togetherMs: 1000 * median(together),
    apartMs: 1000 * median(apart),
    speedup: more * pairedRatio(alone, together),
    speedupApart: more * pairedRatio(alone, apart),
    communicationShare: 1 - pairedRatio(apart, together),
  };
}

/** Processes of one thread that train at the same time, and together where each `joins`. */
async function startSide(arena, one, processes, { batch, joins = false, reducePrecision }) {
  const port = joins ? await freePort() : 0;
  const started = Array.from({ length: processes }, (_, rank) =>
    startSparring(arena, one, {
      execution: "fused",
      threads: 1,
      batch,
      reducePrecision,
      env: joins ? launch(rank, port) : {},
    }),
  );
  const contestants = (await Promise.all(started)).map(({ contestant }) => contestant);
  return {
    /** A turn of it takes as long as that of its slowest process. */
    async run(steps) {
      const turns = await Promise.all(contestants.map((contestant) => contestant.run(steps)));
      return { seconds: Math.max(...turns.map(({ seconds }) => seconds)) };
    },
    close: () => Promise.all(contestants.map((contestant) => contestant.close())),
  };
}

function launch(rank, port) {
  const place = { RANK: rank, WORLD_SIZE: count, LOCAL_RANK: rank, MASTER_PORT: port };
  const texts = Object.entries(place).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(texts), MASTER_ADDR: "127.0.0.1" };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * What crosses the loopback interface in a step, and what a ring all-reduce of the gradients has to
 * send.
 */
async function countBytes(side, { pair, training }, { reducePrecision, bytes }, steps) {
  const before = loopbackBytes();
  await side.run(steps);
  const bytesPerStep = (loopbackBytes() - before) / steps;
  const generator = new Generator(pair.generator);
  const discriminator = new Discriminator(pair.discriminator);
  const { discriminatorSteps = 1, generatorSteps = 1 } = training;
  const gradientBytes =
    bytes *
    (generatorSteps * generator.parameterCount + discriminatorSteps * discriminator.parameterCount);
  // Each rank sends 2(n - 1)/n of them.
  const expectedBytes = 2 * (count - 1) * gradientBytes;
  const bytesRatio = bytesPerStep / expectedBytes;
  return { reducePrecision, gradientBytes, bytesPerStep, bytesRatio };
}

function loopbackBytes() {
  const line = /^\s*lo:\s*(\d+)/m.exec(readFileSync("/proc/net/dev", "utf8"));
  return Number(line[1]);
}

function describe(rows) {
  const cells = rows.map((row) => [
    [
      `${row.title}, b${row.batch}${row.rankBatch === row.batch ? " each" : ""}`,
      ...(row.reducePrecision === "float32" ? [] : [row.reducePrecision]),
    ].join(", "),
    ...[row.aloneMs, row.togetherMs].map((value) => digits(value)),
    times(row.speedup),
    times(row.speedupApart),
    percent(row.communicationShare),
    digits(row.bytesPerStep / 1e6, 4),
    percent(row.bytesRatio),
  ]);
  const header = [
    "ms a step",
    "one process",
    "two ranks",
    "speedup",
    "of two that share nothing",
    "communication",
    "MB on the wire",
    "of the ring's",
  ];
  return table(header, cells);
}

/** @type {import("./questions.mjs").Question} */
export const ranks = { name: "ranks", run, describe };
