// `sparring train config.json`: options from a file, runs repeated, and its JSON Schema.
import { access, cp, mkdir, readdir, readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { toFlag } from "../../lib/cli/options.js";
import { createProgram } from "../../lib/cli/program.js";
import { type Preset, presetNames, presets } from "../../lib/presets.js";
import { checkRepeats, readConfigFile } from "../../lib/run/file.js";
import { configSchema } from "../../lib/run/file-schema.js";
import { flagsAlone } from "../../lib/run/flags-alone.js";
import { plainNames } from "../../lib/run/plain-options.js";
import { planRun } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
import { ruleNames } from "../../lib/trainer/options.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { useRuns } from "../helpers/runs.js";
import { render, target } from "../../scripts/config-schema.mjs";

const { at, run, readJson, write } = useRuns();

const options = { preset: "mlp", data: "data", size: 8, batch: 10, threads: 1, steps: 4, seed: 3 };

beforeAll(async () => {
  await writeIdxFolder(at("data"), 40);
  await write("run.json", { ...options, out: "first" });
  expect((await run("train run.json")).code).toBe(0);
});

describe("a config file", () => {
  it("says what flags would say", async () => {
    const line =
      "train --preset mlp --data data --size 8 --batch 10 --threads 1 --steps 4 --seed 3";
    expect((await run(`${line} --out flags`)).code).toBe(0);
    const { started: a, ...fromFlags } = await readJson("flags/config.json");
    const { started: b, ...fromFile } = await readJson("first/config.json");
    expect(fromFile).toEqual(fromFlags);
    for (const name of await readdir(at("flags/weights")))
      expect(await readFile(at("flags/weights", name))).toEqual(
        await readFile(at("first/weights", name)),
      );
  });

  it("gives way to flags, one length to another", async () => {
    const line = "train run.json --seed 4 --epochs 1 --lr 0.001 --out other";
    expect((await run(line)).code).toBe(0);
    const config = await readJson("other/config.json");
    expect(config).toMatchObject({ seed: 4, steps: 4, batch: 10, size: 8 });
    expect(config.optimizer.generator.lr).toBe(0.001);
  });

  it("has paths that start from its own folder", async () => {
    await mkdir(at("deep"));
    await write("deep/run.json", { ...options, data: "../data", out: "run", steps: 1 });
    expect((await run("train deep/run.json")).code).toBe(0);
    await access(at("deep/run/weights/generator.safetensors"));
    await write("net.pt", "a network");
    const others = { evaluateFeatures: "../net.pt", from: "../first" };
    const { options: read } = await readConfigFile(at(await write("deep/more.json", others)), {});
    expect(read).toEqual({ evaluateFeatures: at("net.pt"), from: at("first") });
  });

  it("and flags can leave out the last batch of an epoch", async () => {
    const { steps, ...others } = { ...options, batch: 16 };
    const path = await write("drop.json", { ...others, dropLast: true });
    expect((await run(`train ${path} --epochs 3 --out dropped`)).code).toBe(0);
    expect(await readJson("dropped/config.json")).toMatchObject({ dropLast: true, steps: 6 });
    const line = "train run.json --batch 16 --epochs 3 --drop-last --out flag-dropped";
    expect((await run(line)).code).toBe(0);
    for (const name of await readdir(at("dropped/weights")))
      expect(await readFile(at("dropped/weights", name))).toEqual(
        await readFile(at("flag-dropped/weights", name)),
      );
    const cut = "train run.json --batch 16 --steps 3 --drop-last --out halves";
    expect((await run(cut)).code).toBe(0);
    expect((await run("train --resume --steps 6 --out halves")).code).toBe(0);
    expect(await readFile(at("halves/weights/generator.safetensors"))).toEqual(
      await readFile(at("dropped/weights/generator.safetensors")),
    );
  });

  it("and flags can have images mirrored at random", async () => {
    const path = await write("flip.json", { ...options, horizontalFlip: true });
    expect((await run(`train ${path} --out mirrored`)).code).toBe(0);
    expect(await readJson("mirrored/config.json")).toMatchObject({ horizontalFlip: true });
    const cut = "train run.json --steps 2 --horizontal-flip --out mirrored-halves";
    expect((await run(cut)).code).toBe(0);
    expect((await run("train --resume --steps 4 --out mirrored-halves")).code).toBe(0);
    const weights = (folder: string) => readFile(at(`${folder}/weights/generator.safetensors`));
    expect(await weights("mirrored-halves")).toEqual(await weights("mirrored"));
    expect(await weights("mirrored")).not.toEqual(await weights("first"));
  });

  it("may have losses as text, which stand in the run's config.json and go on from there", async () => {
    const objective = {
      type: "formula",
      generator: "-fake",
      discriminator: "relu(1 - real) + relu(1 + fake) + 1e-3 * square(real) / 2",
      penalties: [{ type: "r1", weight: 2 }],
    };
    const path = await write("formula.json", { ...options, objective });
    expect((await run(`train ${path} --out formula`)).code).toBe(0);
    const { objective: kept } = await readJson("formula/config.json");
    expect(kept).toEqual({
      ...objective,
      penalties: [expect.objectContaining({ weight: 2 })],
      auxiliaries: [],
    });
    expect((await run(`train ${path} --steps 2 --out formula-halves`)).code).toBe(0);
    expect((await run("train --resume --steps 4 --out formula-halves")).code).toBe(0);
    const weights = (folder: string) => readFile(at(`${folder}/weights/discriminator.safetensors`));
    expect(await weights("formula-halves")).toEqual(await weights("formula"));
    expect(await weights("formula")).not.toEqual(await weights("first"));
    const other = { ...objective, generator: "square(fake - 1)" };
    const changed = await write("other-formula.json", { ...options, objective: other });
    const refused = await run(`train ${changed} --restartable --out formula`);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      'Expected "-fake", as the run in "formula" has it, for objective.generator of other-formula.json but received "square(fake - 1)"\n',
    ]);
  });

  it("may name its schema, and be tried in a dry run", async () => {
    const path = await write("schema.json", { ...options, $schema: "x" });
    const { code, stdout } = await run(`train ${path} --dry-run --json`);
    expect([code, JSON.parse(stdout).config.seed]).toEqual([0, 3]);
  });
});

describe("the config.json of a run", () => {
  it("repeats it, to the same bytes", async () => {
    expect((await run("train first/config.json --out again")).code).toBe(0);
    for (const name of await readdir(at("first/weights")))
      expect(await readFile(at("again/weights", name))).toEqual(
        await readFile(at("first/weights", name)),
      );
  });

  it("repeats its learning rate too", async () => {
    expect((await run("train run.json --lr 0.003 --out fast")).code).toBe(0);
    expect((await run("train fast/config.json --out fast-again")).code).toBe(0);
    const { started: a, ...first } = await readJson("fast/config.json");
    const { started: b, ...again } = await readJson("fast-again/config.json");
    expect(again).toEqual(first);
  });

  it.each(presetNames)(
    "of %s gives the same config again, with its rate or another",
    async (name) => {
      const preset: Preset = presets[name];
      const size = Array.from({ length: 32 }, (_, i) => i + 1).find(
        (side) => side >= 8 && preset.size.fits(side, side),
      );
      const given = { preset: name, data: at("data"), size, batch: 10, steps: 1, out: at(name) };
      const flag = (option: string) => option;
      for (const lr of [undefined, 0.003]) {
        using first = await TrainingRun.prepare(planRun({ ...given, lr }, flag));
        const path = at(await write(`${name}.json`, first.config));
        const file = await readConfigFile(path, {});
        using again = await TrainingRun.prepare(planRun({ ...file.options, out: at(name) }, flag));
        checkRepeats(again.config, file, {});
        const { started: a, ...before } = first.config;
        const { started: b, ...after } = again.config;
        expect(after).toEqual(before);
      }
    },
  );

  it.each([
    ["images", 41, "40", "41"],
    ["classes", 9, "10", "9"],
    ["sampleSeed", 1, "0", "1"],
    ["heldImages", 1, "0", "1"],
    ["classNames", ["zero"], "null", '["zero"]'],
  ])("is refused where %s is not what follows from it", async (key, value, now, received) => {
    const path = await write("edited.json", {
      ...(await readJson("first/config.json")),
      [key]: value,
    });
    const { code, stderr } = await run(`train ${path} --out edited`);
    expect([code, stderr]).toEqual([
      2,
      `Expected ${now}, as this run has it, for ${key} of edited.json but received ${received}\n`,
    ]);
    await expect(access(at("edited"))).rejects.toThrow();
  });

  it("has its rules to be changed", async () => {
    const changed = {
      ...{ order: "discriminatorFirst", discriminatorSteps: 3, generatorSteps: 2 },
      ema: { decay: 0.9 },
      frozen: { generator: ["model.0"], discriminator: 1 },
    };
    const path = await write("rules.json", {
      ...(await readJson("first/config.json")),
      ...changed,
    });
    const { code, stderr } = await run(`train ${path} --out rules`);
    expect(code).toBe(0);
    const told = "\n  frozen: model.0 of the generator; the first layer of the discriminator\n";
    expect(stderr).toContain(told);
    expect(await readJson("rules/config.json")).toMatchObject(changed);
  });

  it("may be started with another preset or other data all the same", async () => {
    await cp(at("data"), at("data2"), { recursive: true });
    const line = "train first/config.json --preset gan --data data2 --out changed";
    expect((await run(line)).code).toBe(0);
    expect((await readJson("changed/config.json")).order).toBe("discriminatorFirst");
  });
});

describe("schema/config.schema.json", () => {
  it("is up to date: `npm run schema` writes it", async () => {
    expect(await readFile(target, "utf8")).toBe(render(configSchema));
  });

  it("has the options of the command, but for those that are no part of a run", async () => {
    const train = (await createProgram(() => {})).commands.find(
      (command) => command.name() === "train",
    );
    // --tensorboard and --no-tensorboard are one.
    const flags = [...new Set(train?.options.map((option) => option.attributeName()))];
    const notOfARun = ["dashboard", "dryRun", "json", "restartable", "resume", "timeout"];
    // A file that names one of these is told that it is a flag.
    expect(flagsAlone).toEqual(notOfARun.map(toFlag));
    const networks = ["generator", "discriminator", ...ruleNames];
    const ofFiles = ["$schema", ...networks];
    const keys = Object.keys(configSchema.entries).filter((key) => !ofFiles.includes(key));
    expect(keys).toEqual(expect.arrayContaining(plainNames));
    expect(keys.sort()).toEqual(flags.filter((name) => !notOfARun.includes(name)).sort());
  });
});
