// What the explorer draws is what sample() and the ways between latents give, from the weights that were asked for.
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { Generators } from "../../lib/dashboard/explorer/generators.js";
import { checkRequest } from "../../lib/dashboard/explorer/request.js";
import { Generator, latents } from "../../lib/index.js";
import { drawPoints } from "../../lib/run/latent-points.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { styledArchitecture } from "../helpers/styled-run.js";
import { tinyGenerator } from "../helpers/training.js";

describe("drawPoints", () => {
  const generator = tinyGenerator({ noise: 5, classes: 3, codes: 2 });
  const spherical = { method: "spherical" } as const;

  it("is sample() of a seed, with the class and the codes", async () => {
    const given = { label: 2, codes: [0.5, -1] };
    const drawn = await drawPoints(generator, { ...spherical, points: [{ from: 7, ...given }] });
    const noise = await generator.noise(1, { seed: 7 });
    const sampled = await generator.sample(1, { noise, labels: 2, codes: [0.5, -1] });
    expect(drawn.data).toEqual(sampled.data);
    const bare = tinyGenerator();
    const alone = await drawPoints(bare, { ...spherical, points: [{ from: 7 }] });
    expect(alone.data).toEqual((await bare.sample(1, { seed: 7 })).data);
  });

  it.each(["spherical", "linear"] as const)("goes from seed to seed, %s", async (method) => {
    const points = [0, 0.25, 1].map((t) => ({ from: 1, to: 2, t }));
    const drawn = await drawPoints(generator, { method, points });
    const [a, b] = [await generator.noise(1, { seed: 1 }), await generator.noise(1, { seed: 2 })];
    const way = method === "linear" ? latents.lerp : latents.slerp;
    const options = { labels: 0, codes: [0, 0] };
    for (const [i, t] of [0, 0.25, 1].entries()) {
      const one = await generator.sample(1, { noise: way(a, b, t), ...options });
      expect(drawn.slice(i, i + 1).data.map((value) => Math.round(value * 1e5))).toEqual(
        one.data.map((value) => Math.round(value * 1e5)),
      );
    }
  });

  it("takes styles as near to their mean as it is asked, where there are styles", async () => {
    const styled = new Generator(styledArchitecture, { seed: 1 });
    const draw = (truncationPsi?: number, of: Generator = styled) =>
      drawPoints(of, { ...spherical, points: [{ from: 7 }], truncationPsi });
    const near = await styled.sample(1, { seed: 7, truncationPsi: 0.3 });
    expect((await draw(0.3)).data).toEqual(near.data);
    expect((await draw()).data).toEqual((await draw(1)).data);
    expect((await draw()).data).not.toEqual(near.data);
    await expect(draw(0.3, tinyGenerator())).rejects.toThrow(
      "Expected nothing (the generator has no styled layers) for truncationPsi but received 0.3",
    );
  });

  it("refuses classes and codes that the generator does not have", async () => {
    const draw = (point: object, of = generator) =>
      drawPoints(of, { ...spherical, points: [{ from: 0, ...point }] });
    await expect(draw({ label: 3 })).rejects.toThrow(
      "Expected a whole number from 0 to 2 for labels[0] but received 3",
    );
    await expect(draw({ label: 0 }, tinyGenerator())).rejects.toThrow(
      "Expected nothing (the latent has no classes) for labels",
    );
    await expect(draw({ codes: [0] })).rejects.toThrow("for codes[0] but received");
    await expect(draw({ codes: [0] }, tinyGenerator())).rejects.toThrow(
      "Expected nothing (the latent has no codes) for codes",
    );
  });
});

describe("checkRequest", () => {
  const whole = { run: "a", step: null, raw: false, method: "linear", points: [{ from: 1 }] };
  const point = (fields: object) => ({ ...whole, points: [{ from: 0 }, { from: 1, ...fields }] });

  it("takes what the page asks", () => {
    const points = [{ from: 1, to: 2, t: 0.5, label: 3, codes: [-2, 2] }];
    const asked = { ...whole, step: 10, points };
    expect(checkRequest(asked)).toEqual(asked);
    expect(checkRequest({ ...asked, truncationPsi: 0.5 })).toEqual({
      ...asked,
      truncationPsi: 0.5,
    });
  });

  it("takes as many points and codes as it says", () => {
    const most = { ...whole, points: new Array(64).fill({ from: 0 }) };
    expect(checkRequest(most)).toEqual(most);
    const codes = new Array(1024).fill(0.5);
    expect(checkRequest(point({ codes })).points[1]?.codes).toEqual(codes);
  });

  it.each([
    [undefined, "Expected an object for the request but received undefined"],
    [[], "Expected an object for the request but received []"],
    [
      { ...whole, path: "/" },
      'Expected only the options run, step, raw, method, points, truncationPsi for the request but received "path"',
    ],
    [
      { ...whole, truncationPsi: "0.5" },
      'Expected a finite number for truncationPsi but received "0.5"',
    ],
    [
      { ...whole, truncationPsi: null },
      "Expected a finite number for truncationPsi but received null",
    ],
    [{ ...whole, run: 1 }, "Expected a non-empty string for run but received 1"],
    [{ ...whole, step: -1 }, "Expected a whole number of at least 0 for step but received -1"],
    [
      { ...whole, step: undefined },
      "Expected a whole number of at least 0 for step but received undefined",
    ],
    [{ ...whole, raw: 1 }, "Expected true or false for raw but received 1"],
    [
      { ...whole, method: "cubic" },
      'Expected one of spherical, linear for method but received "cubic"',
    ],
    [{ ...whole, points: [] }, "Expected an array of 1 to 64 points for points but received []"],
    [
      { ...whole, points: new Array(65).fill({ from: 0 }) },
      "Expected an array of 1 to 64 points for points",
    ],
    [point({ codes: new Array(1025).fill(0) }), "Expected an array of numbers for points[1].codes"],
    [{ ...whole, points: [1] }, "Expected an object for points[0] but received 1"],
    [
      point({ from: 0.5 }),
      "Expected a whole number of at least 0 for points[1].from but received 0.5",
    ],
    [point({ to: -1 }), "Expected a whole number of at least 0 for points[1].to but received -1"],
    [point({ t: 1.5 }), "Expected a number in [0, 1] for points[1].t but received 1.5"],
    [
      point({ label: "1" }),
      'Expected a whole number of at least 0 for points[1].label but received "1"',
    ],
    [point({ codes: 1 }), "Expected an array of numbers for points[1].codes but received 1"],
    [
      point({ codes: [1, 1e9] }),
      "Expected a number in [-1000, 1000] for points[1].codes[1] but received 1000000000",
    ],
    [
      point({ noise: [] }),
      'Expected only the options from, to, t, label, codes for points[1] but received "noise"',
    ],
  ])("refuses %j", (request, sentence) => {
    expect(() => checkRequest(request)).toThrow(sentence);
  });
});

describe("Generators", () => {
  let folder: { readonly path: string; remove(): Promise<void> };
  const train = (words: string) =>
    runCli(
      `train --preset mlp --data data --size 8 --batch 32 --threads 1 --no-tensorboard ${words}`.split(
        " ",
      ),
      folder.path,
    );
  beforeAll(async () => {
    folder = await makeFolder();
    await writeIdxFolder(join(folder.path, "data"), 64);
    expect(await train("--steps 8 --checkpoint-every 2 --seed 1 --out a")).toMatchObject({
      code: 0,
    });
    expect(await train("--steps 8 --checkpoint-every 2 --seed 2 --out b")).toMatchObject({
      code: 0,
    });
  });
  afterAll(() => folder.remove());
  const at = (name: string, step: number | null) => ({
    path: join(folder.path, name),
    step,
    raw: false,
  });

  it("loads each once, the newest where no step is asked for, and frees those not asked for", async () => {
    using generators = new Generators();
    const newest = await generators.get(at("a", null));
    expect(newest.step).toBe(8);
    expect(await generators.get(at("a", null))).toBe(newest);
    expect((await generators.get(at("a", 6))).step).toBe(6);
    await generators.get(at("b", 4));
    await generators.get(at("b", 6));
    // Four stay: the fifth frees the one that was not asked for the longest.
    await generators.get(at("b", 8));
    await expect(newest.generator.sample(1)).rejects.toThrow("disposed");
    expect(await generators.get(at("a", null))).not.toBe(newest);
    // One that was asked for again stays longer than one that came after it.
    const [first, second] = [await generators.get(at("b", 6)), await generators.get(at("b", 8))];
    await generators.get(at("b", 6));
    for (const step of [4, 6]) await generators.get(at("a", step));
    expect(await generators.get(at("b", 6))).toBe(first);
    await generators.get(at("a", 8));
    expect(await generators.get(at("b", 6))).toBe(first);
    expect(await generators.get(at("b", 8))).not.toBe(second);
  });

  it("has a process that ends five minutes after the last answer, and not while one is awaited", async () => {
    // Compiled: it starts a process of the file beside it.
    const host = new URL("../../dist/dashboard/explorer/host.js", import.meta.url).href;
    const { Explorer }: typeof import("../../lib/dashboard/explorer/host.js") = await import(host);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const wait = (milliseconds: number) => vi.advanceTimersByTime(milliseconds);
    const processes = () => readFile(`/proc/self/task/${process.pid}/children`, "utf8");
    const before = await processes();
    using explorer = new Explorer();
    const ask = () => explorer.ask({ ...at("a", 8), method: "linear", points: [{ from: 0 }] });
    expect(await ask()).toMatchObject({ step: 8 });
    const during = await processes();
    expect(during).not.toBe(before);
    wait(5 * 60_000 - 1);
    const answer = ask();
    wait(5 * 60_000);
    expect(await answer).toMatchObject({ step: 8 });
    wait(5 * 60_000 - 1);
    expect(await ask()).toMatchObject({ step: 8 });
    expect(await processes()).toBe(during);
    wait(5 * 60_000);
    vi.useRealTimers();
    await expect.poll(processes).toBe(before);
  });

  it("refuses a step without a checkpoint, and what is no run", async () => {
    using generators = new Generators();
    await expect(generators.get(at("a", 5))).rejects.toThrow(
      "Expected one of 4, 6, 8 for step but received 5",
    );
    await mkdir(join(folder.path, "empty"));
    await expect(generators.get(at("empty", null))).rejects.toThrow(
      "Expected the folder of a run for the run",
    );
  });

  it("knows another run under the same name", async () => {
    using generators = new Generators();
    const { generator } = await generators.get(at("a", null));
    const before = await drawPoints(generator, { method: "linear", points: [{ from: 0 }] });
    await rm(join(folder.path, "a"), { recursive: true });
    await rename(join(folder.path, "b"), join(folder.path, "a"));
    const after = await drawPoints((await generators.get(at("a", null))).generator, {
      method: "linear",
      points: [{ from: 0 }],
    });
    expect(after.data).not.toEqual(before.data);
  });
});
