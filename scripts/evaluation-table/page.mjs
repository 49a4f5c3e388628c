// The table of docs/evaluation.md, between two marks, from the figures of docs/logs/presets.jsonl.
import { markdownTable } from "markdown-table";

const [begin, end] = [
  "<!-- presets: written by scripts/evaluation-table.mjs -->",
  "<!-- presets: end -->",
];

/** Share of a preset's default steps that the rows of the page have. */
export const usualShare = 1;

const head = [
  "preset",
  "steps",
  "images seen",
  "FID ↓",
  "KID ↓",
  "precision ↑",
  "recall ↑",
  "density ↑",
  "coverage ↑",
  "score ↑",
  "balance ↓",
];

/**
 * @typedef {{ value: number }} Value
 * @typedef {{ fid: Value, kid: Value, inceptionScore: Value, classBalance: Value,
 *   precisionRecall: { precision: number, recall: number },
 *   densityCoverage: { density: number, coverage: number } }} Scores
 * @typedef {{ size: number, network: string, samples: number, reals: number, scores: Scores }} Measured
 * @typedef {Measured & { preset: string, steps: number, usual: number, batch: number, images: number,
 *   seed: number, averaged: boolean }} Row
 * @typedef {{ recipe: object, processor: string, references: Measured[], rows: Row[] }} Figures
 */

/** @param {number} value */
const short = (value) => (value >= 1000 ? String(Math.round(value)) : value.toPrecision(3));
/** @param {number} value */
const grouped = (value) => value.toLocaleString("en-US");

/** What a row of figures says of the samples. @param {Scores} scores */
function numbers({ fid, kid, precisionRecall, densityCoverage, inceptionScore, classBalance }) {
  return [
    short(fid.value),
    short(kid.value),
    ...[precisionRecall.precision, precisionRecall.recall].map((value) => value.toFixed(3)),
    ...[densityCoverage.density, densityCoverage.coverage].map((value) => value.toFixed(3)),
    inceptionScore.value.toFixed(2),
    classBalance.value.toFixed(3),
  ];
}

/** @param {number} size @param {Figures} figures */
function tableOf(size, { rows, references }) {
  const [best] = references.filter((one) => one.size === size);
  const presets = rows.filter((one) => one.size === size);
  const rowsOfTable = [
    head,
    ...presets.map(({ preset, steps, usual, images, averaged, scores }) => [
      `\`${preset}\`${averaged ? ", averaged" : ""}`,
      `${grouped(steps)} of ${grouped(usual)}`,
      grouped(images),
      ...numbers(scores),
    ]),
    ["MNIST's test images", "", "", ...numbers(best.scores)],
  ];
  return markdownTable(rowsOfTable, { alignDelimiters: false });
}

/**
 * The tables, one for each size of images, smallest first, and which presets are in none of them.
 *
 * @param {Figures} figures @param {readonly string[]} names of all presets
 */
function renderTables(figures, names) {
  const sizes = [...new Set(figures.rows.map(({ size }) => size))].sort((a, b) => a - b);
  const tables = sizes.map((size) => `Images of ${size} × ${size}:\n\n${tableOf(size, figures)}`);
  const missing = names.filter((name) => !figures.rows.some(({ preset }) => preset === name));
  const rest = `Not measured yet: ${missing.map((name) => `\`${name}\``).join(", ")}.`;
  return [...tables, ...(missing.length > 0 ? [rest] : [])].join("\n\n");
}

/**
 * The page with the tables in place of those that it had. Throws where it has no marks.
 *
 * @param {string} page @param {Figures} figures @param {readonly string[]} names of all presets
 */
export function placeTable(page, figures, names) {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`Expected ${begin} and ${end} in docs/evaluation.md`);
  return `${before}${begin}\n\n${renderTables(figures, names)}\n\n${end}${after}`;
}

/**
 * A line for what is the same for all, then one for each reference and each row.
 *
 * @param {Figures} figures
 */
export function writeFigures({ references, rows, ...same }) {
  return [same, ...references, ...rows].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** @param {string} text @returns {Figures} */
export function readFigures(text) {
  const [same, ...lines] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const rows = lines.filter(({ preset }) => preset !== undefined);
  return { ...same, references: lines.filter((line) => !rows.includes(line)), rows };
}
