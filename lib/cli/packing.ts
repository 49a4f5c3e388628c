// What is shown while a folder of images is packed, which happens once: a bar on a terminal, two
// lines elsewhere.
import { type Params, SingleBar } from "cli-progress";
import type { PackProgress } from "../data/folder.js";
import type { DataWatch } from "../run/data.js";
import { barWidth, drawn } from "./bar.js";
import { signals } from "./stop.js";
import { hasCursor, painter } from "./terminal.js";
import { grouped } from "../count.js";
import { clock, printNote } from "./text.js";
import { TimeLeft } from "./time-left.js";

interface PackingScreen {
  /** @param seconds since the first image was there */
  show(progress: PackProgress, seconds: number): void;
  /** Leaves the terminal as it was found. Calling it twice is fine. */
  close(): void;
}

/** Shows nothing before the first image is packed. */
export function watchPacking(data: string): DataWatch & { close(): void } {
  let began: number | undefined;
  const stop = stopBeforeSignals();
  const screen = hasCursor(process.stdout) ? drawPacking() : logPacking(data);
  return {
    onProgress(progress) {
      began ??= stop.listen();
      const seconds = (performance.now() - began) / 1000;
      screen.show(progress, seconds);
      if (progress.done < progress.total) return;
      screen.close();
      stop.forget();
      printNote(`Packed ${grouped(progress.total)} images in ${clock(seconds)}`);
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
      if (came !== undefined) process.kill(process.pid, came);
    },
  };
}

function logPacking(data: string): PackingScreen {
  return {
    show({ done, total }) {
      if (done === 1) printNote(`Packing ${grouped(total)} images of ${data}`);
    },
    close: () => {},
  };
}

function drawPacking(): PackingScreen {
  const stream = process.stdout;
  const paint = painter(stream);
  const timeLeft = new TimeLeft();
  const format = (_options: object, { total, value }: Params, { left }: { left: number }) => {
    const count = `${grouped(value).padStart(grouped(total).length)}/${grouped(total)}`;
    const beside = `${count}  packing images  ${clock(left)} left`;
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
