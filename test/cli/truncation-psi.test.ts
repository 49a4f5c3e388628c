// --truncation-psi of `sparring sample`, `interpolate` and `evaluate`, on a run with styles and on one without.
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator, type Images, latents } from "../../lib/index.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { styledArchitecture, trainStyled } from "../helpers/styled-run.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string) => runCli(line.split(" "), folder.path);

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  await trainStyled(folder.path, "styles");
  const plain = "train --preset mlp --data data --size 8 --batch 10 --threads 1 --steps 1";
  expect(await sparring(`${plain} --out plain`)).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

async function told(line: string) {
  const { code, stdout, stderr } = await sparring(`${line} --json`);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

const pixels = async (path: string) => (await sharp(at(path)).raw().toBuffer()).toString("hex");

async function pixelsOf(images: Images, columns: number): Promise<string> {
  const png = await images.toPng({ columns });
  return (await sharp(png).raw().toBuffer()).toString("hex");
}

async function load(): Promise<Generator> {
  const made = new Generator(styledArchitecture);
  await made.loadWeights(at("styles/weights/generator.safetensors"));
  return made;
}

describe("--truncation-psi", () => {
  it("draws samples of styles that are nearer to their mean", async () => {
    const line = "sample styles --count 4 --columns 2 --seed 5 --truncation-psi 0.4 --out near.png";
    expect(await told(line)).toMatchObject({ truncation: null, truncationPsi: 0.4 });
    using made = await load();
    const images = await made.sample(4, { seed: 5, truncationPsi: 0.4 });
    expect(await pixels("near.png")).toBe(await pixelsOf(images, 2));
    const plain = await told("sample styles --count 4 --columns 2 --seed 5 --out plain.png");
    expect(plain.truncationPsi).toBeNull();
    expect(await pixels("near.png")).not.toBe(await pixels("plain.png"));
  });

  it("draws ways between them", async () => {
    const line = "interpolate styles --frames 3 --rows 1 --truncation-psi -0.5 --out way.png";
    expect(await told(line)).toMatchObject({ truncationPsi: -0.5 });
    using made = await load();
    const [a, b] = [await made.noise(1, { seed: 0 }), await made.noise(1, { seed: 1 })];
    const way = [0, 0.5, 1].flatMap((t) => [...latents.slerp(a, b, t)]);
    const images = await made.sample(3, { noise: Float32Array.from(way), truncationPsi: -0.5 });
    expect(await pixels("way.png")).toBe(await pixelsOf(images, 3));
    const plain = await told("interpolate styles --frames 3 --rows 1 --out plain-way.png");
    expect(plain.truncationPsi).toBeNull();
    expect(await pixels("way.png")).not.toBe(await pixels("plain-way.png"));
  });

  it("is told of what is measured", async () => {
    const line = "evaluate styles --samples 100 --metrics fid";
    const text = await sparring(`${line} --truncation-psi 0.4`);
    expect(text.stdout).toContain("seed 0, truncation psi 0.4\n");
    const [near, plain] = [await told(`${line} --truncation-psi 0.4`), await told(line)];
    expect([near.truncationPsi, plain.truncationPsi]).toEqual([0.4, null]);
    expect(near.scores.fid.truncationPsi).toBe(0.4);
    expect(near.scores.fid.value).not.toBe(plain.scores.fid.value);
  });

  it.each([
    "sample plain --truncation-psi 0.7 --out no.png",
    "interpolate plain --truncation-psi 0.7 --out no.png",
    "evaluate plain --truncation-psi 0.7",
  ])("is refused where there are no styles: %s", async (line) => {
    const { code, stdout, stderr } = await sparring(line);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(
      "Expected nothing (the generator has no styled layers) for --truncation-psi but received 0.7",
    );
  });
});
