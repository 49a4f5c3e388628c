// What the documentation says is there: every row of the tables, every link, and code that compiles and runs.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { countParameters, resolveDiscriminator, resolveGenerator } from "../lib/architecture.js";
import { auxiliaryTable } from "../lib/auxiliaries/table.js";
import {
  architectures,
  auxiliaries,
  Discriminator,
  datasets,
  Generator,
  layers,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
} from "../lib/index.js";
import { createProgram } from "../lib/cli/program.js";
import { layerKinds } from "../lib/layers/table.js";
import { objectiveTable } from "../lib/objectives/table.js";
import { scheduleTable } from "../lib/optimizers/settings.js";
import { optimizerTable } from "../lib/optimizers/table.js";
import { penaltyTable } from "../lib/penalties/table.js";
import { type Preset, presetNames, presets } from "../lib/presets.js";
import { find, inferred } from "./helpers/layers.js";
import {
  anchorsOf,
  brokenLinks,
  type Page,
  readPage,
  readPages,
  snippetsOf,
  typeErrors,
} from "./helpers/pages.js";
import { tinyTrainer } from "./helpers/training.js";

const { commands } = await createProgram(() => {});

const scope = {
  architectures,
  auxiliaries,
  Discriminator,
  Generator,
  l: layers,
  layers,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
};

/** What code of a page returns. */
function evaluate(code: string, more: Record<string, unknown> = {}): unknown {
  const all = { ...scope, ...more };
  return new Function(...Object.keys(all), code)(...Object.values(all));
}

/** What stands under a heading, up to the next. */
function section({ text }: Page, heading: string): string {
  const [, found] = text.split(`\n${heading}\n`);
  return found?.split(/\n#{2,3} /)[0] ?? "";
}

describe("docs/objectives.md and docs/training.md", () => {
  it.each([
    ...Object.keys(objectiveTable),
    ...Object.keys(penaltyTable),
    ...Object.keys(auxiliaryTable),
  ])("have a section on %s, with its formula, year and code", async (name) => {
    const found = section(await readPage("docs/objectives.md"), `### \`${name}\``);
    expect(found).toMatch(/```math\n/);
    expect(found).toMatch(/\b20\d\d\b|same paper/);
    expect(found).toMatch(new RegExp(`\`\`\`ts\n.*\\b${name}\\(`));
  });

  it.each([
    ...Object.keys(optimizerTable),
    ...Object.keys(scheduleTable),
    "generatorFirst",
    "discriminatorFirst",
    "color",
    "translation",
    "cutout",
  ])("have a row on %s", async (name) => {
    const { text } = await readPage("docs/training.md");
    expect(text).toMatch(new RegExp(`\n\\| \`"?${name}\\b`));
  });

  it.each(["docs/objectives.md", "docs/training.md"])("have code that runs: %s", async (path) => {
    const code = snippetsOf(await readPage(path)).filter(({ language }) => language === "ts");
    const lines = code.flatMap((snippet) => snippet.code.trim().split("\n"));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      const { generator, discriminator } = tinyTrainer();
      const adam = optimizers.adam();
      const optimizer = { generator: adam, discriminator: adam };
      const given = { generator, discriminator, objective: objectives.hinge(), optimizer };
      expect(evaluate(`return ${line}`, given)).toBeTypeOf("object");
    }
  });
});

describe("docs/datasets.md", () => {
  it.each(Object.keys(datasets))("has a row and a section on %s, with code", async (name) => {
    const page = await readPage("docs/datasets.md");
    expect(page.text).toMatch(new RegExp(`\n\\| \\[\`${name}\`\\]\\(#`));
    expect(section(page, `### \`${name}\``)).toMatch(
      new RegExp(`\`\`\`ts\n[\\s\\S]*datasets\\.${name}\\(`),
    );
  });
});

describe("docs/presets.md", () => {
  it.each(presetNames)("has a row on %s, its steps and what it draws", async (name) => {
    const { text } = await readPage("docs/presets.md");
    expect(text).toMatch(new RegExp(`\n\\| \`${name}\` \\| `));
    // mlp's picture would be a grainy article's; goodfellow2014 takes hours and has a page of its own.
    if (name === "mlp" || name === "goodfellow2014") return;
    const { steps, discriminatorSteps = 1 }: Preset = presets[name];
    const all =
      steps.toLocaleString("en") + (discriminatorSteps > 1 ? ` × ${discriminatorSteps}` : "");
    expect(text).toContain(`\`${name}\`: ${all} steps, `);
    expect(text).toContain(`images/presets/${name}.png`);
  });
});

describe("docs/command-line.md", () => {
  it.each(commands.map((command) => [command.name(), command] as const))(
    "has a section on %s, with every option",
    async (name, command) => {
      const found = section(await readPage("docs/command-line.md"), `## \`sparring ${name}\``);
      expect(found).not.toBe("");
      for (const { long } of command.options) expect(found).toContain(`\`${long}`);
    },
  );
});

describe("docs/layers.md", () => {
  const page = readPage("docs/layers.md");

  /** Parameters and what they are by default: `{ outFeatures: undefined, bias: "true" }`. */
  async function signature(type: string): Promise<Map<string, string | undefined>> {
    const written = new RegExp(`\n(?:\\| )?\`${type}\\(([^\`]*)\\)\`(?= \\||\n)`);
    const [, inside] = written.exec((await page).text) ?? [];
    const parameters = inside?.matchAll(/(\w+)(?: = ([^,})]+))?/g) ?? [];
    return new Map([...parameters].map(([, name, value]) => [name as string, value?.trim()]));
  }

  it.each([...layerKinds.keys()])("has a section or a row on %s", async (type) => {
    const { text } = await page;
    const found = section(await page, `### \`${type}\``);
    if (found === "") expect(text).toMatch(new RegExp(`\n\\| \`${type}\\(`));
    else expect(found).toMatch(new RegExp(`\`\`\`ts\n[\\s\\S]*\\b${type}\\(`));
  });

  it.each([...layerKinds.keys()])("has the options of %s, with their defaults", async (type) => {
    const written = await signature(type);
    const { layer, resolve } = find(type);
    const { options } = resolve(layer);
    const names = Object.keys(options).filter((name) => !inferred.has(name));
    expect([...written.keys()]).toEqual(expect.arrayContaining(names));
    const pair = (value: unknown) => (Array.isArray(value) ? value : [value, value]);
    for (const name of names) {
      const text = written.get(name);
      if (text === undefined) {
        // Only what has to be given, and what no word says, has no default there.
        expect({ normalizedShape: 0, padding: 0, ...layer }).toHaveProperty(name);
        continue;
      }
      const value = text in options ? options[text] : JSON.parse(text);
      expect(pair(options[name]), name).toEqual(pair(value));
    }
  });

  it.each(Object.keys(architectures))(
    "has a row and a note on %s, with its sizes",
    async (name) => {
      const { text } = await page;
      const [row] = new RegExp(`\n\\| \`${name}\` .*`).exec(text) ?? [""];
      expect(text).toContain(`\n- **\`${name}\`**`);
      const image = [1, 32, 32];
      const latent = { noise: 100 };
      const make = architectures[name as "mlp"];
      const counts = [
        () => countParameters(resolveGenerator(make({ latent, image }))),
        () => countParameters(resolveDiscriminator(make({ image }))),
      ].flatMap((count) => {
        try {
          return [count().toLocaleString("en")];
        } catch {
          return [];
        }
      });
      expect([...row.matchAll(/\d+(?:,\d{3})+/g)].flat()).toEqual(counts);
    },
  );

  it("has code that makes networks, and refusals that are the real ones", async () => {
    const { text } = await page;
    const refusals = [
      ...section(await page, "## Refusals").matchAll(/```ts\n([\s\S]*?)```\n\n((?:>.*\n)+)/g),
    ];
    expect(refusals).toHaveLength(3);
    for (const [, code, quote] of refusals)
      expect(() => evaluate(`return ${code}`)).toThrow(
        (quote as string).replace(/^> /gm, "").trim().replaceAll("\n", " "),
      );
    const before = snippetsOf({ path: "", text: text.split("\n## Refusals\n")[0] as string });
    for (const { code } of before.slice(1))
      for (const line of code.trim().split("\n"))
        expect(evaluate(`return ${line}`)).toBeTypeOf("object");
  });

  it("shows what toPyTorch() prints", async () => {
    const snippets = snippetsOf(await page);
    const first = (snippets[0]?.code ?? "").replace(/^import .*$/m, "");
    const shown = snippets.find(({ language }) => language === "python");
    expect(evaluate(`${first}; return generator.toPyTorch()`)).toBe(shown?.code);
  });

  it("halves one weight of a network, and leaves the others", async () => {
    const project = layers.linear(3, { name: "project" });
    using generator = new Generator({ latent: { noise: 2 }, layers: [project] }, { seed: 1 });
    const made = await generator.generate(Float32Array.of(0, 0, 1, 0));
    const [found] = snippetsOf({ path: "", text: section(await page, "### One weight") });
    const console = { log: (...shown: unknown[]) => expect(shown[0]).toEqual([3, 2]) };
    await evaluate(`return (async () => {${found?.code}})()`, { generator, console });
    const { data } = await generator.generate(Float32Array.of(0, 0, 1, 0));
    const [bias, column] = [made.data.slice(0, 3), data.slice(3)];
    expect(data.slice(0, 3)).toEqual(bias);
    for (const [i, value] of column.entries())
      expect(value).toBeCloseTo(((made.data[3 + i] ?? 0) + (bias[i] ?? 0)) / 2, 6);
  });
});

describe("the docstrings of", () => {
  const choices = { architectures, auxiliaries, objectives, optimizers, penalties, schedules };
  const lib = fileURLToPath(new URL("../lib/", import.meta.url));

  it.each(Object.entries(choices))("%s tell what is thrown", async (folder, makers) => {
    const files = folder === "schedules" ? [] : await readdir(join(lib, folder));
    const paths = [`${folder}.ts`, ...files.map((file) => join(folder, file))];
    const texts = paths.map((path) => readFile(join(lib, path), "utf8").catch(() => ""));
    const source = (await Promise.all(texts)).join("");
    for (const name of Object.keys(makers)) {
      // One for each overload.
      const found = [...source.matchAll(new RegExp(`\\*/\nexport function ${name}\\b`, "g"))];
      const docstrings = found.map(({ index }) =>
        source.slice(source.lastIndexOf("/**", index), index),
      );
      expect(docstrings.length, name).toBeGreaterThan(0);
      for (const docstring of docstrings) expect(docstring, name).toContain("\n * @throws ");
    }
  });
});

describe("every page", () => {
  it("links to files and headings that are there", async () => {
    expect((await Promise.all((await readPages()).map(brokenLinks))).flat()).toEqual([]);
    const text = "[a](docs/setup.md#threads) [b](#no) [c](docs/no.md)\n\n# Here\n\n[d](#here)\n";
    expect(await brokenLinks({ path: "README.md", text })).toEqual([
      "README.md: #no",
      "README.md: docs/no.md",
    ]);
    expect([...anchorsOf({ path: "", text: "# `a` and B\n## `a` and B\n" })]).toEqual([
      "a-and-b",
      "a-and-b-1",
    ]);
  });

  it("has no code that only newer Nodes understand", async () => {
    const usings = (await readPages())
      .flatMap(snippetsOf)
      .filter(({ code }) => /^\s*(await )?using \w/m.test(code));
    expect(usings).toEqual([]);
  });

  it("has code that compiles", async () => {
    const snippets = (await readPages())
      .flatMap(snippetsOf)
      .filter(({ language }) => language === "ts");
    expect(snippets.length).toBeGreaterThan(50);
    const wrong = {
      page: "wrong",
      line: 10,
      language: "ts",
      code: "\nobjectives.hinge({ weight: 1 })\n",
    };
    const errors = typeErrors([...snippets, wrong]);
    expect(errors).toEqual([expect.stringMatching(/^wrong:11: .*'weight' does not exist/)]);
  });
});
