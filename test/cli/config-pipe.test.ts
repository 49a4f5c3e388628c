// `sparring train -`: options that come in by a pipe.
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli, startCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { join } from "node:path";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const options = { preset: "mlp", data: "data", size: 8, batch: 10, threads: 1, steps: 4, seed: 3 };
const refused = "Expected a JSON file of options for the config but received";

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
});
afterAll(() => folder.remove());

/** Runs `sparring train -` with a text at standard input. */
function pipe(text: string) {
  const { child, ended } = startCli(["train", "-", "--dry-run", "--json"], folder.path);
  // It may end before it has read all of it.
  child.stdin.on("error", () => {}).end(text);
  return ended;
}

it("takes options from a pipe, with paths from the working directory", async () => {
  const { code, stdout } = await pipe(JSON.stringify(options));
  expect([code, JSON.parse(stdout).config]).toMatchObject([0, { steps: 4, data: at("data") }]);
});

it.each([
  ["nothing", "", "it is not JSON: line 1, column 1"],
  ["a number", "7", "it is not an object"],
  ["more than a file may hold", " ".repeat(2 ** 24 + 1), "it has more than 16777216 bytes"],
])("refuses %s", async (_, text, why) => {
  expect(await pipe(text)).toMatchObject({ code: 2, stderr: `${refused} "-" (${why})\n` });
});

it("says of a pipe with a name how its options are had", async () => {
  execFileSync("mkfifo", [at("fifo")]);
  const why = "it is no regular file; - stands for what comes in by a pipe";
  const { code, stderr } = await runCli(["train", "fifo"], folder.path);
  expect([code, stderr]).toEqual([2, `${refused} "fifo" (${why})\n`]);
});
