// `sparring train`: options in, a run out.
import { Command } from "commander";
import { defaultPreset, type Preset, type PresetName, presetNames, presets } from "../presets.js";
import { wrongType } from "../errors.js";
import { defaultKeep } from "../run/checkpoints.js";
import type { DataWatch } from "../run/data.js";
import {
  defaultCheckpointEvery,
  defaultLogEvery,
  defaultSampleEvery,
  planResume,
  planRun,
  type RunPlan,
  type RunRequest,
} from "../run/plan.js";
import { describeRun } from "../run/dry.js";
import { checkRepeats, type FileRequest, readConfigFile } from "../run/file.js";
import { TrainingRun } from "../run/training.js";
import { printDryRun } from "./dry-run.js";
import { exitCodes, RunFailure } from "./exit.js";
import { printLog } from "./log.js";
import { flag, toFlag, toRequest } from "./options.js";
import { type StopRequest, stopOnSignals } from "./stop.js";
import { drawBar } from "./bar.js";
import { watchPacking } from "./packing.js";
import type { Screen } from "./screen.js";
import { hasCursor } from "./terminal.js";

const examples = `
Presets (pixels, steps × batches × images):
${presetNames.map(describePreset).join("\n")}

Data, recognised by what they are:
  images       a folder of PNG, JPEG or WebP; folders in it are classes
  arrays       .npy of bytes; IDX, or a folder of it under MNIST's names
  CIFAR-10     the folder of its binary version, or one of the .bin files

Examples:
  sparring train                             digits from noise in a few minutes
  sparring train --preset cgan               a column for each digit
  sparring train --preset mlp --epochs 20    20 times through MNIST
  sparring train --seed 7 --out runs/seven   the same weights each time
  sparring train --data flowers --steps 400  images of your own
  sparring train --resume --out runs/seven   from its last checkpoint on
  sparring train run.json --seed 8           options of a file, and one of yours
  sparring train runs/seven/config.json      the same run again, bit for bit
  sparring train --preset r3gan --dry-run    layers, parameters, time at least

Ctrl+C finishes the step, saves everything, and exits with 130. --resume goes on
from the newest intact checkpoint, after a SIGKILL too, and ends with the same
bytes; beside it only --out, --steps and --epochs can be given.
Exit codes: 0 done, 1 failed while running, 2 bad input (nothing was made).`;

function describePreset(name: PresetName): string {
  const { summary, size, steps, batch, discriminatorSteps = 1 }: Preset = presets[name];
  const images = discriminatorSteps === 1 ? batch : `${discriminatorSteps} × ${batch}`;
  return `  ${name.padEnd(12)}${size.default}  ${`${steps} × ${images}`.padEnd(15)}${summary}`;
}

export function trainCommand(onExit: (code: number) => void): Command {
  const command = new Command("train")
    .description("Train a generator and a discriminator against each other.")
    .argument("[config]", "a JSON file of options, or a run's config.json to repeat it")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(async (config: string | undefined, texts: Record<string, string>) => {
      onExit(await train({ config, flags: toRequest(texts, numbers) }));
    });
  for (const option of options) command.addOption(option);
  return command;
}

const options = [
  flag("--preset <name>", "what to train, see below", defaultPreset),
  flag("--data <source>", "mnist, a folder of images or a file, see below", "mnist"),
  flag("--size <pixels>", "side that images are resized to", "the preset's"),
  flag("--channels <n>", "of a folder's images: 1 for grey, 3 for colour", 3),
  flag("--steps <n>", "steps to train", "the preset's"),
  flag("--epochs <n>", "times through the data, instead of --steps"),
  flag("--batch <n>", "images in a batch", "the preset's"),
  flag("--lr <rate>", "learning rate of both players", "the preset's"),
  flag("--execution <kind>", "fused, or eager (PyTorch bit for bit, slower)", "fused"),
  flag("--device <device>", "auto (a GPU if there is one), cpu, cuda, cuda:i", "auto"),
  flag("--threads <n>", "CPU threads", "libtorch's choice"),
  flag("--seed <n>", "the same seed gives the same run", "random, printed"),
  flag("--sample-every <n>", "steps between sample grids", defaultSampleEvery),
  flag("--log-every <n>", "steps between lines of log and stats.jsonl", defaultLogEvery),
  flag("--checkpoint-every <n>", "steps between checkpoints", defaultCheckpointEvery),
  flag("--keep-checkpoints <n>", "how many stay, the newest", defaultKeep),
  flag("--rollbacks <n>", "times to go back to a checkpoint after losses of NaN", 0),
  flag("--precision <kind>", "float32, tf32 (CUDA), bfloat16", "float32"),
  flag("--out <folder>", "the run folder, new or empty", "runs/PRESET-DATE-TIME"),
  flag("--resume", "go on with the run in --out, see below"),
  flag("--dry-run", "only tell what the run would be, and write nothing"),
  flag("--json", "what --dry-run tells as one JSON object"),
];

const numbers = new Set([
  "size",
  "channels",
  "steps",
  "epochs",
  "batch",
  "lr",
  "threads",
  "seed",
  "sampleEvery",
  "logEvery",
  "checkpointEvery",
  "keepCheckpoints",
  "rollbacks",
]);

/** What a command line says: a config file, and options that go before those of the file. */
interface Asked {
  readonly config: string | undefined;
  readonly flags: RunRequest;
}

async function train(asked: Asked): Promise<number> {
  const { config, flags } = asked;
  if (flags.dryRun === true) return dryRun(asked);
  if (flags.json !== undefined)
    throw wrongType("--dry-run beside --json", "sparring train", "--json");
  if (flags.resume === true && config !== undefined)
    throw wrongType("a config or --resume", "sparring train", `${config} --resume`);
  const run = flags.resume === true ? await resume(flags) : await prepare(asked);
  const stop = stopOnSignals();
  try {
    const folder = await run.open();
    const screen = hasCursor(process.stdout) ? drawBar(run, folder) : printLog(run, folder);
    await watch(run, screen, stop);
  } finally {
    stop.forget();
    run[Symbol.dispose]();
  }
  // A signal that came after the last step, while the weights were being saved, stopped nothing.
  return run.step < run.config.steps ? (stop.exitCode ?? exitCodes.ok) : exitCodes.ok;
}

async function dryRun({ config, flags }: Asked): Promise<number> {
  const { dryRun, json, ...others } = flags;
  if (others.resume === true)
    throw wrongType("--dry-run or --resume", "sparring train", "--dry-run --resume");
  using run = await prepare({ config, flags: others }, false);
  printDryRun(await describeRun(run), json === true);
  return exitCodes.ok;
}

async function resume(flags: RunRequest): Promise<TrainingRun> {
  const plan = planResume(flags, toFlag);
  return withPacking(plan.path, (packing) => TrainingRun.resume(plan, packing));
}

/** @param keep packed images are kept */
async function prepare({ config, flags }: Asked, keep = true): Promise<TrainingRun> {
  const file = config === undefined ? undefined : await readConfigFile(config, flags);
  const plan = file === undefined ? planRun(flags, toFlag) : planWithFile(file, flags);
  const run = await withPacking(plan.data, (packing) =>
    TrainingRun.prepare(plan, { ...packing, keep }),
  );
  try {
    if (file !== undefined) checkRepeats(run.config, file, flags);
    return run;
  } catch (error) {
    run[Symbol.dispose]();
    throw error;
  }
}

/** The file's options where no flag says otherwise; --steps or --epochs is a length in place of the file's. */
function planWithFile({ path, options }: FileRequest, flags: RunRequest): RunPlan {
  const { steps, epochs, ...others } = options;
  const hasLength = flags.steps !== undefined || flags.epochs !== undefined;
  const request = { ...(hasLength ? others : options), ...flags };
  return planRun(request, (option) =>
    option in options && !(option in flags) ? `${option} of ${path}` : toFlag(option),
  );
}

async function withPacking(
  data: string,
  work: (packing: DataWatch) => Promise<TrainingRun>,
): Promise<TrainingRun> {
  const packing = watchPacking(data);
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
