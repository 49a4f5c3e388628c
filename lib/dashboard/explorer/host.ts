// The server's end of the explorer: starts its process when first asked, ends it when nobody asks.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, DrawnPicture, Question, Refused } from "./messages.js";

/** Its process ends when nobody has asked for so long: weights take memory. */
const idleMilliseconds = 5 * 60_000;
const file = fileURLToPath(new URL("child.js", import.meta.url));

export class Explorer implements Disposable {
  #child: ChildProcess | undefined;
  #lastId = 0;
  readonly #open = new Map<number, (answer: DrawnPicture | Refused) => void>();
  #idle: NodeJS.Timeout | undefined;

  /** Never rejects: a process that dies is an answer too, and the next question starts another. */
  ask(question: Omit<Question, "id">): Promise<DrawnPicture | Refused> {
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#open.set(id, resolve);
      clearTimeout(this.#idle);
      const child = this.#start();
      child.send({ ...question, id } satisfies Question, (error) => {
        if (error)
          this.#settle(id, {
            error: `The explorer cannot be asked: ${error.message}`,
            isMisuse: false,
          });
      });
    });
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    this.#child?.kill("SIGKILL");
  }

  #start(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = fork(file, {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-2000);
    });
    child.on("message", ({ id, ...answer }: Answer) => this.#settle(id, answer));
    child.on("error", () => this.#ended(child, "it could not be started"));
    child.on("exit", (code, signal) =>
      this.#ended(child, said.trim().split("\n").at(-1) || `it ended with ${signal ?? code}`),
    );
    this.#child = child;
    return child;
  }

  #settle(id: number, answer: DrawnPicture | Refused): void {
    this.#open.get(id)?.(answer);
    this.#open.delete(id);
    if (this.#open.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#child?.kill(), idleMilliseconds).unref();
  }

  #ended(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const id of [...this.#open.keys()])
      this.#settle(id, { error: `The explorer's process ended: ${why}`, isMisuse: false });
    clearTimeout(this.#idle);
  }
}
