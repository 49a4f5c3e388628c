// `sparring bench`: hands on to the benchmark what it is asked, and from it what it ends with. The benchmark
// itself: test/bench.
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli, startCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

it("shows the benchmark's own help, under its name", async () => {
  const { code, stdout, stderr } = await runCli(["bench", "--help"], folder.path);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Usage: sparring bench \[options\]\n/);
  expect(stdout).toContain("--quick");
});

it.each([
  [
    ["--fast"],
    /^Expected one of --quick, .* for an option of sparring bench but received "--fast"\n$/,
  ],
  [["toy"], /^Expected options only for sparring bench but received "toy"\n$/],
  [["--threads", "0"], /^Expected a whole number from 1 to \d+ for --threads but received 0\n$/],
])("refuses %j as the benchmark does", async (args, sentence) => {
  const { code, stdout, stderr } = await runCli(["bench", ...args], folder.path);
  expect(stderr).toMatch(sentence);
  expect([code, stdout]).toEqual([2, ""]);
});

it.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)(
  "%s stops it together with the benchmark, which clears up behind itself",
  async (signal, expected) => {
    const scratch = async () =>
      (await readdir(folder.path)).filter((name) => /^sparring-bench-/.test(name));
    const { child, ended } = startCli(["bench", "--case", "toy"], folder.path, {
      TMPDIR: folder.path,
    });
    child.stdin.end();
    await expect.poll(scratch, { timeout: 50_000 }).not.toEqual([]);
    child.kill(signal);
    const { code } = await ended;
    expect(code).toBe(expected);
    expect(await scratch()).toEqual([]);
  },
);
