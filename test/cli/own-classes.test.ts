// Networks of one's own whose classes are others than the data's, or have names.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { layers as l, objectives, optimizers } from "../../lib/index.js";
import { readRun } from "../../lib/run/stored.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

const generator = {
  latent: { noise: 6, classes: 10 },
  layers: [l.linear(64), l.tanh(), l.unflatten([1, 8, 8])],
} as const;
const discriminator = {
  image: [1, 8, 8],
  classes: 10,
  layers: [l.flatten(), l.linear(16), l.projection()],
} as const;
const rules = {
  objective: objectives.hinge(),
  optimizer: { generator: optimizers.adam(), discriminator: optimizers.adam() },
};
const options = { data: "data", batch: 10, threads: 1, steps: 1, seed: 3 };
const own = { generator, discriminator, ...rules, ...options };

let folder: { readonly path: string; remove(): Promise<void> };
let config: Readonly<Record<string, unknown>>;
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string) => runCli(line.split(" "), folder.path);

async function write(name: string, value: unknown): Promise<string> {
  await writeFile(at(name), JSON.stringify(value));
  return name;
}

/** What the classes of a run are called that has such a config. */
async function namesOf(changed: object): Promise<readonly string[] | null> {
  await write("run/config.json", changed);
  return (await readRun(at("run"), "the run")).classNames;
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
  const { code } = await sparring(`train ${await write("own.json", own)} --out run`);
  expect(code).toBe(0);
  config = JSON.parse(await readFile(at("run/config.json"), "utf8"));
});
afterAll(() => folder.remove());

it("says where the networks have classes that no image has, and trains all the same", async () => {
  const wider = (classes: number) => ({
    generator: { ...generator, latent: { noise: 6, classes } },
    discriminator: { ...discriminator, classes },
  });
  const note =
    "The generator draws images of 12 classes, of which the data have 10: no real image shows the others\n";
  const path = await write("wider.json", { ...own, ...wider(12) });
  const dry = await sparring(`train ${path} --out wider --dry-run`);
  expect([dry.code, dry.stderr]).toEqual([0, note]);
  const { code, stderr } = await sparring(`train ${path} --out wider`);
  expect([code, stderr.startsWith(note)]).toEqual([0, true]);
  const right = await write("right.json", { ...own, ...wider(10) });
  expect((await sparring(`train ${right} --out right --dry-run`)).stderr).toBe("");
  // Nobody looks at the labels.
  const judge = { image: [1, 8, 8], layers: [l.flatten(), l.linear(1)] };
  const untold = await write("untold.json", { ...own, ...wider(12), discriminator: judge });
  expect((await sparring(`train ${untold} --out untold --dry-run`)).stderr).toBe("");
});

it("draws the run's own picture again, with more classes than a grid has columns", async () => {
  const many = { ...generator, latent: { noise: 6, classes: 120 } };
  const judge = { image: [1, 8, 8], layers: [l.flatten(), l.linear(1)] };
  const path = await write("many.json", { ...own, generator: many, discriminator: judge });
  expect((await sparring(`train ${path} --steps 1 --out many`)).code).toBe(0);
  expect((await sparring("sample many --out many.png")).code).toBe(0);
  expect(await readFile(at("many.png"))).toEqual(await readFile(at("many/samples/1.png")));
});

const classNames = Array.from({ length: 10 }, (_, i) => `digit ${i}`);

it("has the data's names for the classes of a preset, where its own objective is told the labels", async () => {
  const namesWith = (preset: string, types: string[]) => {
    const auxiliaries = types.map((type) => ({ type }));
    const objective = { type: "nonSaturating", auxiliaries };
    const { generator: _, discriminator: __, ...others } = config;
    return namesOf({ ...others, size: 8, preset, classNames, objective });
  };
  expect(await namesWith("infogan", ["acgan", "infogan"])).toEqual(classNames);
  expect(await namesWith("acgan", [])).toBeNull();
});

it("has the data's names for its classes where it is told the labels", async () => {
  expect(await namesOf({ ...config, classNames })).toEqual(classNames);
  const { classes, ...untold } = discriminator;
  const layers = [l.flatten(), l.linear(1)];
  expect(await namesOf({ ...config, classNames, discriminator: { ...untold, layers } })).toBeNull();
});
