// A contestant: a child process that trains when it is told to, and sleeps while others do.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { reasonOf } from "./process.mjs";

/**
 * @typedef {object} Turn
 * @property {number} seconds
 * @property {{ discriminator: number, generator: number }} losses
 * @property {number} peakMb
 */

/** @type {Set<Contestant>} */
const running = new Set();

/** For when the benchmark has to end now. */
export function killAll() {
  for (const contestant of running) contestant.kill();
}

export class Contestant {
  #child;
  #lines;
  #errors = "";

  /**
   * @param {{ program: string, parameters: string[], env: NodeJS.ProcessEnv }} command
   */
  constructor({ program, parameters, env }) {
    this.name = parameters.at(-1);
    this.#child = spawn(program, parameters, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#child.on("error", (error) => {
      this.#errors += error.message;
    });
    // A contestant that died does not read any more; the missing answer tells of it.
    this.#child.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    running.add(this);
  }

  /**
   * Sends a message and waits for its answer.
   * @param {object} message
   * @param {(what: string) => void} [onProgress] hears what a long answer is at
   * @returns {Promise<any>}
   */
  async ask(message, onProgress = () => {}) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done)
        throw new Error(`${this.name} ended before it answered: ${await this.#lastWords()}`);
      const answer = JSON.parse(value);
      if (!answer.progress) return answer;
      onProgress(answer.progress);
    }
  }

  /**
   * Trains.
   * @param {number} steps
   * @param {object} [more] what only this contestant understands
   * @returns {Promise<Turn>}
   */
  async run(steps, more = {}) {
    const turn = await this.ask({ steps, ...more });
    // null stands for what JSON has no number for.
    if (Object.values(turn.losses).every(Number.isFinite)) return turn;
    throw new Error(`${this.name} diverged: its losses are ${JSON.stringify(turn.losses)}`);
  }

  /** Lets it end by itself: there is nothing more to read. */
  async close() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.stdin.end();
      await once(this.#child, "close");
    }
    running.delete(this);
  }

  kill() {
    this.#child.kill("SIGKILL");
    running.delete(this);
  }

  async #lastWords() {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await once(this.#child, "close").catch(() => {});
    return reasonOf(this.#errors);
  }
}
