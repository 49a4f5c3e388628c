// A run on a terminal: a bar with losses, speed and the time left.
import { type Options, type Params, SingleBar } from "cli-progress";
import type { RunFolder } from "../run/folder.js";
import type { RunTick } from "../run/tick.js";
import type { TrainingRun } from "../run/training.js";
import type { Screen } from "./screen.js";
import { painter } from "./terminal.js";
import { grouped } from "../count.js";
import { clock, headLines, tailLines } from "./text.js";
import { TimeLeft } from "./time-left.js";

const widest = 40;
const narrowest = 8;

/** What is beside the bar. */
interface Payload {
  readonly tick?: RunTick | undefined;
  /** Seconds to the end. */
  readonly left?: number | undefined;
  /** Said instead of the numbers. */
  readonly note?: string | undefined;
}

export function drawBar(run: TrainingRun, folder: RunFolder): Screen {
  const stream = process.stdout;
  const paint = painter(stream);
  const began = performance.now();
  const timeLeft = new TimeLeft();
  const { steps } = run.config;
  const [head, ...rest] = headLines(run, folder) as [string, ...string[]];
  printLines([paint("bold", head), ...rest.map((line) => paint("dim", line))]);
  const format = (_options: Options, { total, value }: Params, payload: Payload): string => {
    const beside = describe(payload, { total, value });
    return `${drawn(value / total, barWidth(stream, beside), paint)} ${beside}`;
  };
  const bar = new SingleBar({ format, stream, hideCursor: true });
  // A second Ctrl+C ends the process on the spot: the cursor has to come back all the same.
  const restore = () => bar.stop();
  process.once("exit", restore);
  bar.start(steps, run.step, {} satisfies Payload);
  return {
    secondsApart: 0.3,
    show({ tick }) {
      timeLeft.learn(tick.step, tick.seconds);
      bar.update(tick.step, { tick, left: timeLeft.of(steps - tick.step) } satisfies Payload);
    },
    // Under the bar, which is drawn anew below it.
    note: (sentence) => process.stderr.write(`\n${sentence}\n`),
    stopping: () => bar.update({ note: "stopping after this step; Ctrl+C again to quit at once" }),
    done() {
      if (!run.isDone) bar.update({ note: "stopped" });
      bar.stop();
      printLines(tailLines(run, folder, (performance.now() - began) / 1000));
    },
    close() {
      process.off("exit", restore);
      bar.stop();
    },
  };
}

function describe(
  { tick, left = 0, note }: Payload,
  { total, value }: Pick<Params, "total" | "value">,
): string {
  const steps = `${grouped(value).padStart(grouped(total).length)}/${grouped(total)}`;
  if (note !== undefined) return `${steps}  ${note}`;
  const isDone = value === total;
  // Without a tick, of a run that goes on where all of its steps are done.
  if (tick === undefined) return `${steps}  ${isDone ? "done" : "starting"}`;
  const losses = `D ${tick.discriminatorLoss.toFixed(4)}  G ${tick.generatorLoss.toFixed(4)}`;
  const end = isDone ? "done" : `${clock(left)} left`;
  return `${steps}  ${losses}  ${grouped(tick.imagesPerSecond)} images/s  ${end}`;
}

/** Characters for a bar, with that beside it. */
export function barWidth(
  { columns = 80 }: { columns?: number | undefined },
  beside: string,
): number {
  return Math.min(widest, columns - beside.length - 2);
}

/** The bar itself; nothing where there is no room for one. */
export function drawn(share: number, width: number, paint: ReturnType<typeof painter>): string {
  if (width < narrowest) return "";
  const full = Math.round(share * width);
  return paint("cyan", "█".repeat(full)) + paint("dim", "░".repeat(width - full));
}

function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
