// The tables of docs/evaluation.md are those of the figures beside them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { presetNames, presets } from "../lib/presets.js";
import {
  placeTable,
  readFigures,
  usualShare,
  writeFigures,
} from "../scripts/evaluation-table/page.mjs";
import { readPage, root } from "./helpers/pages.js";

const text = await readFile(join(root, "docs/logs/presets.jsonl"), "utf8");

describe("docs/evaluation.md", () => {
  it("has the figures of docs/logs/presets.jsonl", async () => {
    const { text: page } = await readPage("docs/evaluation.md");
    expect(placeTable(page, readFigures(text), presetNames)).toBe(page);
    expect(writeFigures(readFigures(text))).toBe(text);
  });

  it("measured every row as the page says, and names the presets without one", () => {
    const { recipe, references, rows } = readFigures(text);
    expect(recipe).toEqual({ seed: 1, samples: 10_000, threads: 1 });
    const measured = new Set(rows.map(({ preset }) => preset));
    const inOrder = presetNames.filter((name) => measured.has(name));
    expect(rows.map(({ preset }) => preset)).toEqual(inOrder);
    for (const row of rows) {
      const { size, batch, discriminatorSteps = 1 } = { ...presets[row.preset as "wgan"] };
      expect(row).toMatchObject({ size: size.default, batch, samples: 10_000, reals: 10_000 });
      // What the command on the page repeats; goodfellow2014's own steps take hours.
      const { steps } = presets[row.preset === "goodfellow2014" ? "gan" : (row.preset as "wgan")];
      expect(row.steps).toBe(steps * usualShare);
      expect(row.images).toBe(row.steps * batch * discriminatorSteps);
      expect(row.network).toBe("mnist-classifier-1");
      const own = references.find((one) => one.size === row.size);
      expect(own?.scores.fid.value).toBeLessThan(row.scores.fid.value);
    }
  });
});
