// The dashboard of a run that is being trained: the same command, in a process of its own.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("main.js", import.meta.url));

/**
 * Ends with this process at the latest: its channel closes. Nothing that happens to it ends the
 * run.
 */
export class DashboardBeside implements Disposable {
  readonly #child: ChildProcess;
  #isOver = false;

  /**
   * @param folder the run's
   * @param port where it listens; 6464, or any free one, if undefined
   * @param onSays called with a sentence: where it is, or why it is not
   */
  constructor(folder: string, port: number | undefined, onSays: (sentence: string) => void) {
    const asked = port === undefined ? [] : ["--port", String(port)];
    // A group of its own: Ctrl+C ends the training, which ends this when all is saved.
    this.#child = fork(program, ["dashboard", folder, ...asked], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let said = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    this.#child.on("message", ({ url }: { url: string }) => onSays(`The dashboard is at ${url}`));
    this.#child.on("error", (error) => onSays(`The dashboard did not start: ${error.message}`));
    this.#child.on("close", (code, signal) => {
      if (this.#isOver) return;
      const why = said.trim() || signal || code;
      onSays(why ? `The dashboard ended: ${why}` : "The dashboard ended");
    });
    // What keeps this process alive is the training.
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as { unref?: (() => void) | undefined } | null)?.unref?.();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    if (this.#child.connected) this.#child.disconnect();
  }
}
