// Files of one JSON object a line, as a run leaves them, or a stranger.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Evaluations } from "../../lib/run/evaluations.js";
import { appendLine, cutLines, readLines } from "../../lib/run/json-lines.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

interface Numbered {
  readonly i: number;
}
const isSmall = (line: object): line is Numbered => (line as Partial<Numbered>).i !== 3;

async function linesOf(path: string): Promise<object[]> {
  const lines: object[] = [];
  await readLines(path, "numbers", (line) => lines.push(line));
  return lines;
}

it("are appended, and read in their order", async () => {
  for (const i of [1, 2, 3]) await appendLine(at("own"), "numbers", { i });
  expect(await readFile(at("own"), "utf8")).toBe('{"i":1}\n{"i":2}\n{"i":3}\n');
  expect(await linesOf(at("own"))).toEqual([{ i: 1 }, { i: 2 }, { i: 3 }]);
});

it("are read without what is no object", async () => {
  await writeFile(at("strange"), '{"i":1}\n\nnull\n[1]\n7\n{"i":2}\n{"i":');
  expect(await linesOf(at("strange"))).toEqual([{ i: 1 }, { i: 2 }]);
});

it("are read to the last, which may lack its end", async () => {
  await writeFile(at("open"), '{"i":1}\n{"i":2}');
  expect(await linesOf(at("open"))).toEqual([{ i: 1 }, { i: 2 }]);
  expect(await cutLines(at("open"), "numbers", isSmall)).toEqual([{ i: 1 }, { i: 2 }]);
  expect(await readFile(at("open"), "utf8")).toBe('{"i":1}\n{"i":2}\n');
});

it("are read whole, whatever letters are in them, and however long they are", async () => {
  const letters = ["a\u2028b\rc", "é".repeat(200_000), "🥊".repeat(50_000)];
  for (const i of letters) await appendLine(at("letters"), "letters", { i });
  expect(await linesOf(at("letters"))).toEqual(letters.map((i) => ({ i })));
});

it("are cut, and stay as they were written", async () => {
  await writeFile(at("cut"), '{ "i": 1.0 }\n{"i":3}\n{"i":2}\n{"i":');
  expect(await cutLines(at("cut"), "numbers", isSmall)).toEqual([{ i: 1 }, { i: 2 }]);
  await appendLine(at("cut"), "numbers", { i: 4 });
  expect(await readFile(at("cut"), "utf8")).toBe('{ "i": 1.0 }\n{"i":2}\n{"i":4}\n');
});

it("of evaluations have each number under the name that TensorBoard has for it", async () => {
  const scores = {
    ...{ fid: { value: 1 }, kid: { value: 2 }, precisionRecall: { precision: 3, recall: 4 } },
    ...{ densityCoverage: { density: 5, coverage: 6 }, inceptionScore: { value: 7 } },
    ...{ classBalance: { value: 8 }, modeCoverage: { value: 9, divergence: 10 } },
  };
  const judge = { evaluate: async () => scores, network: "net.pt@1", reals: 40 };
  const at5 = { step: 5, samples: 80, seed: 0 };
  await new Evaluations(at("measured")).add(judge as never, {} as never, at5);
  const values = {
    ...{ fid: 1, kid: 2, precision: 3, recall: 4, density: 5, coverage: 6 },
    ...{ inceptionScore: 7, classBalance: 8, modes: 9, modeDivergence: 10 },
  };
  expect(await linesOf(at("measured"))).toEqual([
    { step: 5, network: "net.pt@1", samples: 80, reals: 40, values },
  ]);
});

it("of evaluations are looked through to a step", async () => {
  const evaluations = new Evaluations(at("evaluations"));
  for (const step of [5, 10, 15])
    await appendLine(at("evaluations"), "evaluations", { step, values: {} });
  const last = async (step: number) => (await evaluations.last(step))?.step;
  expect([await last(4), await last(10), await last(14), await last(15)]).toEqual([
    ...[undefined, 10, 10, 15],
  ]);
});

it("are none where there is no file, and none is made", async () => {
  expect(await linesOf(at("gone"))).toEqual([]);
  expect(await cutLines(at("gone"), "numbers", isSmall)).toEqual([]);
  expect(await readdir(folder.path)).not.toContain("gone");
});

it("that cannot be read or written are told of", async () => {
  await mkdir(at("folder"));
  const refusal = {
    code: "ERR_OUTPUT",
    message: `Expected a file that can be read for numbers but received "${at("folder")}" (it is a folder)`,
  };
  await expect(linesOf(at("folder"))).rejects.toMatchObject(refusal);
  await expect(cutLines(at("folder"), "numbers", isSmall)).rejects.toMatchObject(refusal);
  await expect(appendLine(at("folder"), "numbers", {})).rejects.toMatchObject({
    code: "ERR_OUTPUT",
    message: `Expected a writable file for numbers but received "${at("folder")}" (it is a folder)`,
  });
});
