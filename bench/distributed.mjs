#!/usr/bin/env node
// What a second process on the same machine brings: two ranks of one thread, which share each batch, against one process of
// one thread; how much of their step they spend on each other, and what goes over the wire.
//
//   node bench/distributed.mjs [--case article] [--rounds 9] [--seconds 2] [--quick] [--json FILE]
//
// Bytes are those of the whole loopback interface. In a network of their own nobody else's are among them:
//   unshare -rn sh -c 'ip link set lo up; node bench/distributed.mjs'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Discriminator, Generator } from "sparring";
import { caseNamed } from "./cases.mjs";
import { killAll } from "./contestant.mjs";
import { DataFiles } from "./data.mjs";
import { busyNote, describeMachine } from "./machine.mjs";
import { startSparring } from "./peers.mjs";
import { median, pairedRatio } from "./stats.mjs";

/** Where arithmetic is most of a step. */
const names = ["article", "dcgan"];
const ranks = 2;
/** Before its time counts: caches were others', and the wait for a turn put processors to sleep. */
const wakeSeconds = 0.3;

/**
 * Processes that train together, or at the same time.
 * @typedef {{ run: (steps: number) => Promise<number>, close: () => Promise<unknown> }} Side
 */

/** @returns {Side} a turn of it takes as long as the slowest of its processes */
function sideOf(contestants) {
  return {
    async run(steps) {
      const turns = await Promise.all(contestants.map((one) => one.run(steps)));
      return Math.max(...turns.map(({ seconds }) => seconds));
    },
    close: () => Promise.all(contestants.map((one) => one.close())),
  };
}

async function start(arena, one, count, options) {
  const port = options.joins ? await freePort() : 0;
  const started = Array.from({ length: count }, (_, rank) =>
    startSparring(arena, one, {
      ...{ execution: "fused", threads: 1, batch: options.batch },
      env: options.joins ? launch(rank, count, port) : {},
    }),
  );
  return sideOf((await Promise.all(started)).map(({ contestant }) => contestant));
}

function launch(rank, size, port) {
  const place = { RANK: rank, WORLD_SIZE: size, LOCAL_RANK: rank, MASTER_PORT: port };
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

async function measure(arena, name, { rounds, seconds, onProgress }) {
  const one = caseNamed(name);
  const sides = [];
  try {
    onProgress(`${name}: one process`);
    sides.push(await start(arena, one, 1, { batch: one.batch }));
    onProgress(`${name}: ${ranks} ranks`);
    sides.push(await start(arena, one, ranks, { batch: one.batch, joins: true }));
    // The same work without a word between them: the machine's part of what is lost.
    sides.push(await start(arena, one, ranks, { batch: one.batch / ranks }));
    const [alone, together, apart] = await playRounds(sides, { rounds, seconds, onProgress });
    const wire = await countBytes(sides[1], one, Math.max(5, Math.round(seconds / alone[0])));
    return {
      ...{ name, title: one.title, batch: one.batch, ranks },
      aloneMs: 1000 * median(alone),
      togetherMs: 1000 * median(together),
      apartMs: 1000 * median(apart),
      speedup: pairedRatio(alone, together),
      speedupApart: pairedRatio(alone, apart),
      communicationShare: 1 - pairedRatio(apart, together),
      ...wire,
    };
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

/** All sides in turn; seconds of a step, a number a round. */
async function playRounds(sides, { rounds, seconds, onProgress }) {
  const paces = [];
  for (const side of sides) paces.push((await side.run(3)) / 3);
  const times = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    onProgress(`round ${round + 1} of ${rounds}`);
    for (const [i, side] of sides.entries()) {
      await side.run(Math.max(1, Math.round(wakeSeconds / paces[i])));
      const steps = Math.max(1, Math.round(seconds / paces[i]));
      times[i].push((await side.run(steps)) / steps);
    }
  }
  return times;
}

/** What crosses the loopback interface in a step, and what a ring all-reduce of the gradients has to send. */
async function countBytes(side, { pair, training }, steps) {
  const before = loopbackBytes();
  await side.run(steps);
  const bytesPerStep = (loopbackBytes() - before) / steps;
  const generator = new Generator(pair.generator);
  const discriminator = new Discriminator(pair.discriminator);
  const { discriminatorSteps = 1 } = training;
  const gradients =
    4 * (generator.parameterCount + discriminatorSteps * discriminator.parameterCount);
  // Each rank sends 2(n - 1)/n of them.
  const expectedBytes = 2 * (ranks - 1) * gradients;
  return { gradientBytes: gradients, bytesPerStep, bytesRatio: bytesPerStep / expectedBytes };
}

function loopbackBytes() {
  const line = /^\s*lo:\s*(\d+)/m.exec(readFileSync("/proc/net/dev", "utf8"));
  return Number(line[1]);
}

function toTable(rows) {
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  return [
    "| case | one process | two ranks | speedup | of two that share nothing | communication | on the wire, a step | of the ring's bytes |",
    "|---|---|---|---|---|---|---|---|",
    ...rows.map(
      (row) =>
        `| ${row.title}, b${row.batch} | ${row.aloneMs.toFixed(1)} ms | ${row.togetherMs.toFixed(1)} ms | ${row.speedup.toFixed(2)} | ${row.speedupApart.toFixed(2)} | ${percent(row.communicationShare)} | ${megabytes(row.bytesPerStep)} | ${percent(row.bytesRatio)} |`,
    ),
  ].join("\n");
}

const { values } = parseArgs({
  options: {
    case: { type: "string", multiple: true, default: names },
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "2" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const pace = values.quick
  ? { rounds: 2, seconds: 0.5 }
  : { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const onProgress = (what) => process.stderr.write(`${what}\n`);
const folder = mkdtempSync(join(tmpdir(), "sparring-distributed-"));
process.once("SIGINT", () => {
  killAll();
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
});
try {
  const machine = describeMachine();
  const busy = busyNote();
  if (busy) onProgress(busy);
  const arena = { files: new DataFiles(folder) };
  const rows = [];
  for (const name of values.case) rows.push(await measure(arena, name, { ...pace, onProgress }));
  console.log(toTable(rows));
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, pace, rows }, null, 2)}\n`);
} finally {
  killAll();
  rmSync(folder, { recursive: true, force: true });
}
