import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder for the tests of a file; remove() it in afterAll. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "sparring-test-")));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Everything of a run, but for what tells of the clock or of being resumed: an event file of TensorBoard's is both. */
export async function contentsOf(run: string): Promise<Record<string, string>> {
  const entries = await readdir(run, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.includes("tfevents"));
  const read = files.map(async ({ parentPath, name: file }) => {
    const bytes = await readFile(join(parentPath, file));
    const isText = ["config.json", "stats.jsonl", "summary.json"].includes(file);
    const text = bytes.toString(isText ? "utf8" : "base64");
    const clock = /"(seconds|imagesPerSecond|started)": ?("[^"]*"|[\d.]+),?/g;
    const path = join(parentPath, file).slice(run.length + 1);
    return [path, isText ? text.replace(clock, "") : text] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}
