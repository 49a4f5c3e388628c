// The folder of a file's tests, the command in it, and what its runs leave there.
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type Ended, runCli } from "./cli.js";
import { contentsOf, makeFolder } from "./folder.js";

/** All paths start from the folder. */
interface Runs {
  at(...parts: string[]): string;
  /** Runs `sparring` with these words to its end. */
  run(words: string): Promise<Ended>;
  /** What contentsOf() tells of a run. */
  contents(name: string): Promise<Record<string, string>>;
  /** The names of a run's checkpoints, sorted. */
  checkpoints(name: string): Promise<string[]>;
  readJson(...path: string[]): ReturnType<typeof JSON.parse>;
  /** Writes text, or a value as JSON; its path from the folder. */
  write(name: string, value: unknown): Promise<string>;
  /** Copies a folder; its new name. */
  copy(from: string, to: string): Promise<string>;
}

/** Makes the folder before the tests of the file, and removes it after them. */
export function useRuns(): Runs {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeAll(async () => {
    folder = await makeFolder();
  });
  afterAll(() => folder.remove());
  const at = (...parts: string[]) => join(folder.path, ...parts);
  return {
    at,
    run: (words) => runCli(words.split(" "), folder.path),
    contents: (name) => contentsOf(at(name)),
    checkpoints: async (name) => (await readdir(at(name, "checkpoints"))).sort(),
    readJson: async (...path) => JSON.parse(await readFile(at(...path), "utf8")),
    async write(name, value) {
      await writeFile(at(name), typeof value === "string" ? value : JSON.stringify(value));
      return name;
    },
    async copy(from, to) {
      await cp(at(from), at(to), { recursive: true });
      return to;
    },
  };
}
