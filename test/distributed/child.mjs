// A rank, or one process alone: `child.mjs WHAT JSON`, under the variables of helpers/ranks.ts. Prints a line of JSON at
// its end; an error as the last line of stderr.
import { truncate } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import {
  Discriminator,
  datasets,
  distributed,
  Generator,
  layers as l,
  objectives,
  optimizers,
  setThreads,
  Trainer,
} from "sparring";
import { addon } from "../../dist/addon.js";
import { games, images, trainerOf } from "./games.mjs";

const [what, json = "{}"] = process.argv.slice(2);
const given = JSON.parse(json);
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const acts = {
  train,
  resume,
  points,
  run,
  grow,
  twice,
  until,
  optimize,
  save,
  between,
  leave,
  hangUp,
  failAlone,
  stray,
  crossed,
  join: joinOnly,
  greet,
  exit,
};

try {
  await setThreads(1);
  await othersToCome();
  if (what === "exitAlone") setTimeout(() => process.exit(7), 1_000);
  const group =
    distributed.isLaunched() && what !== "greet"
      ? await distributed.join({ timeout: given.timeout ?? 60 })
      : undefined;
  await acts[what](group);
  // Whoever is still sending is done with it then.
  await group?.barrier();
  group?.dispose();
} catch (error) {
  process.stderr.write(`${error.code ?? error.name}: ${error.message}\n`);
  process.exitCode = 1;
}

/** Until all ranks have loaded, where they were started together. */
async function othersToCome() {
  const { SPARRING_TEST_GATE: gate } = process.env;
  if (gate === undefined) return;
  // It may be open, and gone, by now.
  const door = connect(Number(gate), "127.0.0.1").on("error", () => {});
  await new Promise((resolve) => door.on("close", resolve).resume());
}

/** What a tick tells of the whole batch. */
function figuresOf(tick) {
  const { generatorPenalty = 0, discriminatorPenalty = 0 } = tick;
  const losses = [tick.generatorLoss, tick.discriminatorLoss];
  const { realScore, fakeScore, diversity = 0, convergence = 0 } = tick.health;
  const health = [realScore, fakeScore, diversity, convergence];
  return [tick.step, ...losses, generatorPenalty, discriminatorPenalty, ...health];
}

/** Plays the games and saves each. */
async function train(group) {
  const losses = {};
  const data = await images();
  const { accumulate = 1 } = given;
  // Parts know nothing of each other's rows.
  const known = (name) => given.accumulate === undefined || !games[name].syncBatchNorm;
  for (const name of Object.keys(games).filter(known)) {
    for (const execution of given.executions ?? ["fused"]) {
      const options = { ...trainerOf(name, execution), accumulate };
      const trainer = new Trainer({ ...options, distributed: group });
      for await (const tick of trainer.run(data, { steps: 50, batchSize: 8, tickEvery: 25 }))
        losses[`${name}-${execution}`] = figuresOf(tick);
      await trainer.save(join(given.out, `${name}-${execution}`));
      trainer.dispose();
    }
  }
  print(losses);
}

/** Goes on from a checkpoint, or from the beginning, and saves where it ends. */
async function resume(group) {
  const rules = { ...given.rules, distributed: group };
  const trainer = given.from
    ? await Trainer.load(given.from, rules)
    : new Trainer({ ...trainerOf(given.game ?? "convolutional"), ...rules });
  const data = await dataOf(group);
  for await (const _ of trainer.run(data, { steps: given.steps, batchSize: 8 }));
  await trainer.save(given.to);
}

/** A folder, a part that is drawn by a seed for each rank, or images that are always the same. */
async function dataOf(group) {
  if (given.folder) return datasets.folder(...given.folder);
  if (!given.seeds) return images();
  const seed = given.seeds[group?.rank ?? 0];
  const [part] = await (await images(30)).split([22, 8], { seed });
  return part;
}

/** Plays on vectors, which are values, and saves where it ends. */
async function points(group) {
  const values = Float32Array.from({ length: 44 }, (_, i) => 3 * Math.sin(i * i));
  const data = await datasets.fromValues(values, { shape: [22, 2] });
  const [latent, image] = [{ noise: 2 }, [2]];
  const layers = [l.linear(16), l.leakyRelu(0.2)];
  const trainer = new Trainer({
    ...trainerOf("wganGp"),
    generator: new Generator({ latent, layers: [...layers, l.linear(2)] }, { seed: 3 }),
    discriminator: new Discriminator({ image, layers: [...layers, l.linear(1)] }, { seed: 4 }),
    distributed: group,
  });
  for await (const _ of trainer.run(data, { steps: 50, batchSize: 8 }));
  await trainer.save(given.to);
}

/** Trains on and on, a tick a step, and says so; a rank may have options of its own. */
async function run(group) {
  const { untilStep, steps = 1_000_000, batchSize = 8, stopAt, data = 22, ...more } = given;
  const own = process.env.RANK === "1" ? (given.rank1 ?? {}) : {};
  const length = untilStep === undefined ? { steps } : { untilStep: own.untilStep ?? untilStep };
  const controller = new AbortController();
  const game = trainerOf(own.game ?? given.game ?? "hinge");
  const trainer = new Trainer({ ...game, ...own.rules, distributed: group });
  const options = {
    ...{ ...length, batchSize: own.batchSize ?? batchSize },
    tickEvery: own.tickEvery ?? more.tickEvery ?? 1,
  };
  if (own.alone) controller.abort(new Error("enough"));
  for await (const { step } of trainer.run(await images(own.data ?? data), {
    ...options,
    signal: controller.signal,
  })) {
    if (step % 10 === 0) print(step);
    if (step === own.stopAt) controller.abort(new Error(`enough at ${step}`));
  }
}

/** Trains twice, and tells how often it took all over from rank 0. */
async function twice(group) {
  const trainer = new Trainer({ ...trainerOf("hinge"), distributed: group });
  let times = 0;
  trainer.follow = () => {
    ++times;
    return Trainer.prototype.follow.call(trainer);
  };
  const data = await images();
  for (const steps of [2, 2]) for await (const _ of trainer.run(data, { steps, batchSize: 8 }));
  print([times, trainer.step]);
}

/** Trains until a step that rank 0 is nearer to, as it alone begins with a checkpoint. */
async function until(group) {
  const options = { ...trainerOf("hinge"), distributed: group };
  const data = await images();
  const first = new Trainer(trainerOf("hinge"));
  for await (const _ of first.run(data, { steps: 3, batchSize: 8 }));
  const path = `${given.to}-${process.env.RANK}`;
  await first.save(path);
  const load = () => Trainer.load(path, { distributed: group });
  const trainer = group.rank === 0 ? await load() : new Trainer(options);
  const steps = [];
  for (const untilStep of [7, 7, 9])
    for await (const { step } of trainer.run(data, { untilStep, batchSize: 8, tickEvery: 3 }))
      steps.push(step);
  print(steps);
}

/**
 * Goes on with other optimizers, in place and from a checkpoint. A rank may take its own, or run
 * instead.
 */
async function optimize(group) {
  const rates = process.env.RANK === "1" ? { ...given, ...given.rank1 } : given;
  const one = optimizers.sgd({ lr: rates.lr, momentum: 0.9 });
  const optimizer = { generator: one, discriminator: one };
  const trainer = new Trainer({ ...trainerOf(given.game), distributed: group });
  const data = await images();
  const run = async (other, steps) => {
    for await (const _ of other.run(data, { steps, batchSize: 8 }));
  };
  await run(trainer, 5);
  await trainer.save(`${given.to}-half`);
  await (rates.runs ? run(trainer, 5) : trainer.setOptimizer(optimizer));
  await run(trainer, 5);
  await trainer.save(`${given.to}-place`);
  const loaded = await Trainer.load(`${given.to}-half`, { distributed: group, optimizer });
  await run(loaded, 5);
  await loaded.save(`${given.to}-loaded`);
}

/** Saves where others may do something else. */
async function save(group) {
  const trainer = new Trainer({ ...trainerOf("hinge"), distributed: group });
  await trainer.save(given.to);
}

/** Asks the others in the middle of a tick, each at a step of its own, and then between two. */
async function between(group) {
  const [trainer, other] = [0, 1].map(
    () => new Trainer({ ...trainerOf("hinge"), distributed: group }),
  );
  const data = await images();
  const options = { steps: 40, batchSize: 8, tickEvery: 20 };
  // The first tick is behind them: until then they take over from rank 0.
  for await (const _ of other.run(data, { ...options, steps: 1 }));
  const ticks = trainer.run(data, options);
  await ticks.next();
  const second = ticks.next();
  const refused = await Promise.all(
    [
      () => group.gather("now"),
      () => group.barrier(),
      () => trainer.save(given.to),
      () => other.setOptimizer(trainerOf("hinge").optimizer),
      () => other.run(data, options).next(),
    ].map((call) => call().catch(({ code, message }) => `${code}: ${message}`)),
  );
  const { value } = await second;
  print([refused, await group.gather(`rank ${group.rank} at ${value.step}`)]);
  for await (const _ of ticks);
}

/** Leaves in the middle of a run, and lives on with its trainer. */
async function leave(group) {
  const trainer = new Trainer({ ...trainerOf("hinge"), distributed: group });
  for await (const { step } of trainer.run(await images(), {
    steps: 1_000_000,
    batchSize: 8,
    tickEvery: 1,
  }))
    if (step === 3) break;
  group.dispose();
  print("left");
  await trainer.generator.sample(1);
  await new Promise((resolve) => process.stdin.once("end", resolve).resume());
}

/** Leaves while it waits for somebody who does nothing. */
async function hangUp(group) {
  if (group.rank === 0) {
    const trainer = new Trainer({ ...trainerOf("hinge"), distributed: group });
    const running = trainer.run(await images(), { steps: 10, batchSize: 8 }).next();
    setTimeout(() => group.dispose(), 1_000);
    const { code } = await running.catch((error) => error);
    print([code, (await trainer.generator.sample(1)).count]);
  }
  await new Promise((resolve) => process.stdin.once("end", resolve).resume());
}

/**
 * The source of one rank throws in the middle of a step, or before the first, or its memory does
 * not do for one; all of them then try again, twice.
 */
async function failAlone(group) {
  const cache = `${given.root}-${group.rank}.packed`;
  const options = { size: 8, channels: 1, cache, resident: false };
  const data = await datasets.folder(given.root, options);
  const trainer = new Trainer({ ...trainerOf(given.game), distributed: group });
  const how = { steps: 1_000_000, batchSize: 8, tickEvery: 1 };
  const errors = [];
  const tell = ({ code, message }) => errors.push(`${code}: ${message}`);
  const native = addon();
  const { availableMemory } = native;
  const spoil = async (step) => {
    if (step !== given.at || group.rank !== given.who) return;
    if (given.lacks === "memory") native.availableMemory = () => 0;
    else await truncate(cache, 200);
  };
  try {
    await spoil(0);
    for await (const { step } of trainer.run(data, how)) await spoil(step);
  } catch (error) {
    tell(error);
  }
  const calls = [() => trainer.run(data, how).next(), () => group.gather("again")];
  for (const call of calls) await call().catch(tell);
  print(errors);
  // All of them begin anew.
  native.availableMemory = availableMemory;
  trainer.dispose();
  group.dispose();
  const anew = await distributed.join({ timeout: given.timeout, masterPort: given.port });
  const second = new Trainer({ ...trainerOf(given.game), distributed: anew });
  for await (const _ of second.run(await images(), { ...how, steps: 2 }));
  await anew.barrier();
}

/** Goes on with two trainers, in an order of its own on rank 1. */
async function crossed(group) {
  const [data, how] = [await images(), { steps: 9, batchSize: 8, tickEvery: 1 }];
  const runs = ["hinge", "wganGp"].map((game) =>
    new Trainer({ ...trainerOf(game), distributed: group }).run(data, how),
  );
  for (const run of runs) await run.next();
  for (const run of runs) await run.next();
  print("in order");
  if (group.rank === 1) runs.reverse();
  for (const run of runs) await run.next();
}

/** Leaves the loop, on one rank alone, for something that the others wait for in no step. */
async function stray(group) {
  const trainer = new Trainer({ ...trainerOf("hinge"), distributed: group });
  const [data, how] = [await images(), { steps: 1_000_000, batchSize: 8, tickEvery: 1 }];
  for await (const { step } of trainer.run(data, how))
    if (step === 3 && group.rank === given.who) break;
  if (given.then === "run") await trainer.run(data, how).next();
  else await group[given.then]("astray");
}

/** The memory that a step on a large batch takes: the most that this process ever held, in bytes. */
async function grow() {
  const image = [1, 16, 16];
  const wide = (n) => [l.conv2d(n, 3, { padding: 1 }), l.leakyRelu(0.2)];
  const options = {
    objective: objectives.hinge(),
    optimizer: { generator: optimizers.adam(), discriminator: optimizers.adam() },
  };
  const trainer = new Trainer({
    ...options,
    ...given,
    generator: new Generator({
      latent: { noise: 4 },
      layers: [
        l.linear(256),
        l.unflatten(image),
        ...wide(24),
        ...wide(24),
        l.conv2d(1, 1),
        l.tanh(),
      ],
    }),
    discriminator: new Discriminator({
      image,
      layers: [...wide(24), ...wide(24), l.flatten(), l.linear(1)],
    }),
  });
  const bytes = Uint8Array.from({ length: 512 * 256 }, (_, i) => (i * i) >> 3);
  const data = await datasets.fromBytes(bytes, { shape: [512, ...image] });
  for await (const _ of trainer.run(data, { steps: 2, batchSize: 512 }));
  print(1024 * process.resourceUsage().maxRSS);
}

async function joinOnly(group) {
  print([group.rank, group.worldSize, group.localRank, await group.gather(`rank ${group.rank}`)]);
}

/** Comes as another version would. */
async function greet() {
  const { RANK, MASTER_PORT } = process.env;
  await addon().joinGroup({
    ...{ rank: Number(RANK), size: 2, host: "127.0.0.1", port: Number(MASTER_PORT) },
    ...{ hasAgent: false, prefix: "sparring", timeout: 20_000 },
    greeting: "Sparring 9.0.0 on libtorch 2.99.0",
    failure: "",
  });
}

/** Ends while the others are not there: nothing may hold it up. */
async function exit(group) {
  const trainer = new Trainer({ ...trainerOf("hinge"), distributed: group });
  if (group.rank === 0) {
    setTimeout(() => process.exit(7), 1_000);
    for await (const _ of trainer.run(await images(), { steps: 1_000_000, batchSize: 8 }));
  }
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}
