// What is shown while a folder of images is packed, which happens once, or read for a dry run: a
// bar on a terminal, two lines elsewhere.
import { type Params, SingleBar } from "cli-progress";
import type { PackProgress } from "../data/folder.js";
import type { DataWatch } from "../run/data.js";
import { barWidth, drawn } from "./bar.js";
import { endBy, signals } from "./stop.js";
import { hasCursor, painter } from "./terminal.js";
import { counted, grouped } from "../count.js";
import { clock, printNote } from "./text.js";
import { TimeLeft } from "./time-left.js";

interface PackingScreen {
  /** @param seconds since the first image was there */
  show(progress: PackProgress, seconds: number): void;
  /** Leaves the terminal as it was found. Calling it twice is fine. */
  close(): void;
}

interface Words {
  readonly doing: string;
  readonly done: string;
  /** Said at the end. */
  readonly after: string;
}

const packing: Words = { doing: "packing", done: "packed", after: "" };
const reading: Words = { doing: "reading", done: "read", after: ", and kept none" };

const capital = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** What becomes of the images. */
export interface Keeping {
  /** They are packed; else they are read and forgotten. */
  readonly keep: boolean;
}

/** Shows nothing before the first image is there. */
export function watchPacking(data: string, { keep }: Keeping): DataWatch & { close(): void } {
  const words = keep ? packing : reading;
  let began: number | undefined;
  const stop = stopBeforeSignals();
  const screen = hasCursor(process.stdout) ? drawPacking(words) : logPacking(data, words);
  return {
    onProgress(progress) {
      began ??= stop.listen();
      const seconds = (performance.now() - began) / 1000;
      screen.show(progress, seconds);
      if (progress.done < progress.total) return;
      screen.close();
      stop.forget();
      const read = `${capital(words.done)} ${counted(progress.total, "image")}`;
      printNote(`${read} in ${clock(seconds)}${words.after}`);
    },
    onNote: printNote,
    signal: stop.signal,
    close() {
      screen.close();
      stop.end();
    },
  };
}

/**
 * Listens for Ctrl+C while images are packed: what was written, which may be gigabytes, goes before
 * the process does.
 */
function stopBeforeSignals() {
  const controller = new AbortController();
  let came: NodeJS.Signals | undefined;
  const stop = (name: NodeJS.Signals) => {
    came = name;
    forget();
    controller.abort();
  };
  const forget = () => {
    for (const name of signals) process.off(name, stop);
  };
  return {
    signal: controller.signal,
    /** @returns since when */
    listen() {
      for (const name of signals) process.on(name, stop);
      return performance.now();
    },
    forget,
    /** Nothing is under way any more: the signal does what it would have done. */
    end() {
      forget();
      if (came !== undefined) endBy(came);
    },
  };
}

function logPacking(data: string, { doing }: Words): PackingScreen {
  return {
    show({ done, total }) {
      if (done === 1) printNote(`${capital(doing)} ${counted(total, "image")} of ${data}`);
    },
    close: () => {},
  };
}

function drawPacking({ doing }: Words): PackingScreen {
  const stream = process.stdout;
  const paint = painter(stream);
  const timeLeft = new TimeLeft();
  const format = (_options: object, { total, value }: Params, { left }: { left: number }) => {
    const count = `${grouped(value).padStart(grouped(total).length)}/${grouped(total)}`;
    const beside = `${count}  ${doing} images  ${clock(left)} left`;
    return `${drawn(value / total, barWidth(stream, beside), paint)} ${beside}`;
  };
  // The cursor stays: Ctrl+C ends this at once, and nobody would bring it back.
  const bar = new SingleBar({ format, stream, hideCursor: false });
  return {
    show({ done, total }, seconds) {
      timeLeft.learn(done, seconds);
      if (done === 1) bar.start(total, 0, { left: timeLeft.of(total) });
      bar.update(done, { left: timeLeft.of(total - done) });
    },
    close: () => bar.stop(),
  };
}
