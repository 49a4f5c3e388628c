// `sparring train`: options in, a run out.
import type { Command } from "commander";
import { defaultPreset, type Preset, type PresetName, presetNames, presets } from "../presets.js";
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { keepingNow } from "../keeping.js";
import type { DataWatch } from "../run/data.js";
import type { ResumePlan, RunPlan, RunRequest } from "../run/plan.js";
import { defaultFeatures } from "../run/features.js";
import { describeRun } from "../run/dry.js";
import { planPlain } from "../run/plain-options.js";
import { checkRepeats, type FileRequest } from "../run/file.js";
import { planRestart } from "../run/restart.js";
import { readResumed } from "../run/resume.js";
import { Team } from "../run/team.js";
import { TrainingRun } from "../run/training.js";
import { checkFree, checkPort, defaultPort } from "../dashboard/port.js";
import { DashboardBeside } from "./beside.js";
import { createCommand, type Options } from "./command.js";
import { dryRunText } from "./dry-run.js";
import { exitCodes, RunFailure, sentenceOf } from "./exit.js";
import { printLog } from "./log.js";
import {
  asRank,
  assemble,
  beforeMeeting,
  mayRestart,
  ownRank,
  silence,
  withNotes,
} from "./ranks.js";
import { defaultTimeout } from "../distributed/group.js";
import { flag, numberFlag, sizeFlag, toFlag } from "./options.js";
import {
  type Asked,
  isOpen,
  planBeginning,
  planBy,
  readWish,
  sharedPlan,
  type Start,
  takeOver,
} from "./start.js";
import { type StopRequest, stopOnSignals } from "./stop.js";
import { drawBar } from "./bar.js";
import { tell } from "./tell.js";
import { type Keeping, watchPacking } from "./packing.js";
import type { Screen } from "./screen.js";
import { hasCursor } from "./terminal.js";

const examples = `
Presets (pixels, steps × batches × images):
${presetNames.map(describePreset).join("\n")}

Data, recognised by their content:
  mnist, stacked-mnist   digits, and three of them as red, green and blue
  images       a folder of PNG, JPEG or WebP; its subfolders are classes
  arrays       .npy of bytes; IDX, or a folder of it under MNIST's names
  CIFAR-10     the folder of its binary version, or one of the .bin files

Examples:
  sparring train                             digits from noise in a few minutes
  sparring train --preset cgan               a column for each digit
  sparring train --preset mlp --epochs 20    20 times through MNIST
  sparring train --seed 7 --out runs/seven   the same weights each time
  sparring train --data flowers --steps 400  images of your own
  sparring train --resume runs/seven         go on from its last checkpoint
  sparring train --resume runs/seven --lr 1e-4   slower from there on
  sparring train --from runs/seven --data mine   what it learnt, on other images
  sparring train run.json --seed 8           options of a file, but this seed
  sparring train runs/seven/config.json      the same run again, bit for bit
  sparring train own.json                    networks and rules of your own
  sparring train --preset r3gan --dry-run    layers, parameters, minimum time
  sparring train --dashboard                 to watch on a web page

Ctrl+C finishes the step, saves everything, and exits with 130; so does a closed
terminal, with 129, but not under nohup. --resume goes on from the newest intact
checkpoint, after a SIGKILL too, and ends with the same bytes. What may change
is given beside it: --steps, --epochs, --device, --lr, --batch,
--horizontal-flip, --accumulate, --execution, --precision, --reduce-precision,
how often it logs, draws, saves and evaluates, rules of a file, and, as long as
nothing was evaluated, --evaluate-samples and --evaluate-features.
--restartable begins the run, or goes on with it if it is there: for a command
line that a launcher starts again.

--from begins with what another run learnt: both networks and the average. Data,
length and batch are new; without --preset the networks, their size and all
rules, rates among them, are those of that run, but for what is given.

Under torchrun, or if RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT are
set (under mpirun or srun the last two), this is one of several ranks that share
each batch. Rank 0 keeps the folder and prints. A rank that does not answer for
--timeout seconds ends the run. BatchNorm takes the rows of a rank; with
--sync-batch-norm the whole batch. --reduce-precision bfloat16 halves the bytes
that ranks send each other.
  torchrun --no-python --nproc-per-node 4 \\
    node_modules/.bin/sparring train run.json
Exit codes: 0 done, 1 failed while running, 2 bad input (nothing was made), 75
another rank was lost or got a signal (start all of them again).`;

function describePreset(name: PresetName): string {
  const { summary, size, steps, batch, discriminatorSteps = 1 }: Preset = presets[name];
  const images = discriminatorSteps === 1 ? batch : `${discriminatorSteps} × ${batch}`;
  return `  ${name.padEnd(15)}${size.default} ${`${steps} × ${images}`.padEnd(14)}${summary}`;
}

export function trainCommand(onExit: (code: number) => void): Command {
  return createCommand({
    name: "train",
    description: "Train a generator and a discriminator against each other.",
    argument: [
      "[config]",
      "a JSON file of options, - to read them from stdin, or a run's config.json to repeat the run",
    ],
    options,
    examples,
  }).action(async (config: string | undefined, all: Options) => {
    const { dashboard, restartable, timeout, ...flags } = all;
    const launch = { restartable: restartable === true, timeout };
    onExit(await asRank(() => train({ config, flags, dashboard, ...launch })));
  });
}

const usual = planPlain({}, toFlag);

const options = [
  flag("--preset <name>", "what to train, see below", defaultPreset),
  flag("--data <source>", "a name, a folder of images or a file, see below", "mnist"),
  sizeFlag("size to resize images to: a side, or HEIGHTxWIDTH", "the preset's"),
  numberFlag("--channels <n>", "channels of a folder's images: 1 for grey, 3 for colour", 3),
  flag("--resident", "a folder's images in memory, as is the default if they fit").hideHelp(),
  flag("--no-resident", "read each batch of a folder from the disk"),
  numberFlag(
    "--hold-out <share>",
    "share of the images to keep back for evaluations",
    usual.holdOut,
  ),
  numberFlag("--steps <n>", "steps to train", "the preset's"),
  numberFlag("--epochs <n>", "times through the data, instead of --steps"),
  numberFlag("--batch <n>", "images in a batch", "the preset's"),
  flag("--drop-last", "leave out an incomplete batch at the end of an epoch"),
  flag("--horizontal-flip", "mirror images at random, anew each time they come up"),
  numberFlag("--accumulate <n>", "parts to work on a batch in, to save memory", usual.accumulate),
  numberFlag("--lr <rate>", "learning rate of both players", "the preset's"),
  flag("--execution <kind>", "fused, or eager (PyTorch bit for bit, slower)", usual.execution),
  flag("--device <device>", "auto (a GPU if there is one), cpu, cuda, cuda:i", "auto"),
  numberFlag("--threads <n>", "CPU threads", "libtorch's choice"),
  numberFlag("--seed <n>", "the same seed gives the same run", "random, printed"),
  numberFlag("--sample-every <n>", "steps between sample grids", usual.sampleEvery),
  numberFlag("--log-every <n>", "steps between lines of log and stats.jsonl", usual.logEvery),
  numberFlag("--checkpoint-every <n>", "steps between checkpoints", usual.checkpointEvery),
  numberFlag("--keep-checkpoints <n>", "how many of the newest to keep", usual.keepCheckpoints),
  numberFlag(
    "--rollbacks <n>",
    "times to go back to a checkpoint after losses of NaN",
    usual.rollbacks,
  ),
  flag("--tensorboard", "event files for TensorBoard, as is the default").hideHelp(),
  flag("--no-tensorboard", "no event files for TensorBoard"),
  numberFlag("--evaluate-every <n>", "steps between evaluations, 0 for none", usual.evaluateEvery),
  numberFlag("--evaluate-samples <n>", "samples, and real images, in each", usual.evaluateSamples),
  flag("--evaluate-features <net>", "classifier, or a TorchScript file", defaultFeatures),
  flag("--precision <kind>", "float32, tf32 (CUDA), bfloat16", usual.precision),
  flag("--sync-batch-norm", "BatchNorm over the rows of all ranks, see below"),
  flag("--reduce-precision <kind>", "of gradients between ranks", usual.reducePrecision),
  flag("--from <run>", "begin with the networks of another run, see below"),
  numberFlag("--from-step <n>", "by its checkpoint of this step", "the newest"),
  flag("--out <folder>", "the run folder, new or empty", "runs/PRESET-DATE-TIME"),
  numberFlag("--dashboard [port]", "show the run on a web page meanwhile", `port ${defaultPort}`),
  flag("--resume [run]", "go on with this run, or the one in --out, see below"),
  flag("--restartable", "go on with the run in --out if it is there, see below"),
  numberFlag("--timeout <seconds>", "how long to wait for another rank, see below", defaultTimeout),
  flag("--dry-run", "only say what the run would be, and write nothing"),
  flag("--json", "print what --dry-run says as one JSON object"),
];

async function train(given: Asked): Promise<number> {
  const isFirst = (ownRank() ?? 0) === 0;
  const asked = isFirst ? given : besideFirst(given);
  const { flags } = asked;
  if (flags.dryRun === true) return isFirst ? dryRun(asked) : exitCodes.ok;
  const ready = await beforeMeeting(async () => {
    checkTogether(asked);
    return {
      board: isFirst ? await planDashboard(asked.dashboard) : undefined,
      timeout: checkTimeout(asked),
      ...(await prelude(asked, isFirst)),
    };
  });
  if (typeof ready === "number") return ready;
  const { board, timeout, wish, taken, start } = ready.done;
  using team = await assemble(timeout);
  try {
    const told = await team.tell(() => taken);
    return await trainAs(team, start ?? planBy(wish, told), asked, board);
  } catch (error) {
    // They wait for it, or will.
    await team.abandon(sentenceOf(error));
    throw error;
  }
}

/**
 * What is known before ranks meet. The run to begin from is read by the first alone: what the
 * others plan by it they hear then.
 */
async function prelude(asked: Asked, isFirst: boolean) {
  const wish = await readWish(asked);
  const taken = isFirst ? await takeOver(wish, asked.restartable || mayRestart()) : {};
  const start = isFirst || !isOpen(wish) ? planBy(wish, taken) : undefined;
  return { wish, taken, start };
}

/** What another rank is asked for than the first, which alone evaluates and needs the network. */
function besideFirst({ flags, ...asked }: Asked): Asked {
  return { ...asked, flags: { ...flags, evaluateFeatures: defaultFeatures } };
}

/** Checks flags that do not go with each other. Throws TypeError. */
function checkTogether({ flags: { json, resume }, restartable }: Asked): void {
  if (json !== undefined) throw wrongType("--dry-run beside --json", "sparring train", "--json");
  if (resume !== undefined && restartable)
    throw wrongType("--resume or --restartable", "sparring train", "--resume --restartable");
}

async function trainAs(
  team: Team,
  start: Start,
  asked: Asked,
  board: Board | undefined,
): Promise<number> {
  const run = await begin(start, asked, team);
  const stop = stopOnSignals();
  try {
    // Where it cannot be made nobody has begun.
    await team.tell(async () => void (await run.open()));
    if (!team.isFirst) await watch(run, silence, stop);
    else {
      const folder = await run.open();
      // Several ranks make a batch job: a bar would be drawn at every step of them all.
      const isWatched = team.size === 1 && hasCursor(process.stdout);
      const screen = isWatched ? drawBar(run, folder) : printLog(run, folder);
      using _ = board && new DashboardBeside(folder.path, board.port, screen.note);
      await watch(run, screen, stop);
    }
  } finally {
    stop.forget();
    run[Symbol.dispose]();
  }
  // A signal that came after the last step, while the weights were being saved, stopped nothing.
  if (run.isDone) return exitCodes.ok;
  // Stopped by another rank: to be started again together with that one.
  return stop.exitCode ?? exitCodes.again;
}

/** Where a dashboard is to listen; any port if undefined. */
interface Board {
  readonly port: number | undefined;
}

/**
 * Checks whether a dashboard is wanted, and where. Throws before anything is loaded where it could
 * not listen there.
 */
async function planDashboard(asked: unknown): Promise<Board | undefined> {
  if (asked === undefined) return undefined;
  const port = checkPort(asked === true ? undefined : asked, "--dashboard");
  await checkFree(port, "--dashboard");
  return { port };
}

function checkTimeout({ timeout }: Asked): number {
  return check.between(timeout ?? defaultTimeout, "--timeout", 1, 86_400);
}

async function dryRun({ flags, dashboard, ...asked }: Asked): Promise<number> {
  if (dashboard !== undefined)
    throw wrongType("--dry-run or --dashboard", "sparring train", "--dry-run --dashboard");
  const { dryRun, json, ...others } = flags;
  if (others.resume !== undefined)
    throw wrongType("--dry-run or --resume", "sparring train", "--dry-run --resume");
  checkTimeout({ ...asked, flags });
  const wish = await readWish({ ...asked, flags: others });
  const start = planBy(wish, await takeOver(wish, asked.restartable));
  const begun = await planBeginning(start, asked);
  using run = await prepare(begun, start.file, others, new Team(), { keep: false });
  tell(await describeRun(run), json, dryRunText);
  return exitCodes.ok;
}

/** Begins or goes on, as rank 0 decides. */
async function begin(start: Start, asked: Asked, team: Team): Promise<TrainingRun> {
  const { restartable, flags } = asked;
  await team.agree(sharedPlan(start, asked));
  let { plan } = start;
  const goesOn = await team.tell(async () => {
    if (!("path" in plan) && (restartable || mayRestart()))
      plan = await planRestart(plan, start.request);
    return "path" in plan;
  });
  if (goesOn && !team.isFirst)
    return withNotes((onNote) => TrainingRun.accompany({ onNote }, team));
  if (!("path" in plan)) return prepare(plan, start.file, flags, team);
  return resume(plan, team);
}

async function resume(plan: ResumePlan, team: Team): Promise<TrainingRun> {
  const { data } = await readResumed(plan);
  return withPacking(data, { keep: true }, (packing) => TrainingRun.resume(plan, packing, team));
}

async function prepare(
  plan: RunPlan,
  file: FileRequest | undefined,
  flags: RunRequest,
  team: Team,
  keeping: Keeping = { keep: true },
): Promise<TrainingRun> {
  const run = await withPacking(plan.data, keeping, (packing) =>
    team.isFirst
      ? TrainingRun.prepare(plan, { ...packing, ...keeping }, team)
      : withNotes((onNote) => TrainingRun.prepare(plan, { onNote, ...keeping }, team)),
  );
  return keepingNow((keep) => {
    if (file !== undefined) checkRepeats(keep(run).config, file, flags);
    return run;
  });
}

async function withPacking(
  data: string,
  keeping: Keeping,
  work: (packing: DataWatch) => Promise<TrainingRun>,
): Promise<TrainingRun> {
  const packing = watchPacking(data, keeping);
  try {
    return await work(packing);
  } finally {
    packing.close();
  }
}

async function watch(run: TrainingRun, screen: Screen, stop: StopRequest): Promise<void> {
  stop.onStop(() => screen.stopping());
  try {
    const { secondsApart } = screen;
    for await (const report of run.train({
      signal: stop.signal,
      secondsApart,
      onNote: screen.note,
    }))
      screen.show(report);
    screen.done();
  } catch (error) {
    throw new RunFailure(error);
  } finally {
    screen.close();
  }
}
