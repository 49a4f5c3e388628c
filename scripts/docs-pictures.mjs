#!/usr/bin/env node
// Makes the pictures of the documentation anew, `npm run docs:pictures`, after a build: each as the
// commands make it.
//   npm run docs:pictures -- theory     those of docs/theory.md: minutes
//   npm run docs:pictures -- presets    those of docs/presets.md and the README: an hour
//   npm run docs:pictures -- guides     those of the guides, with the outputs in them (scripts/guides.mjs)
// The benchmark's chart is drawn with its figures: npm run bench -- --svg docs/images/bench.svg
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { presetNames, presets } from "../dist/presets.js";
import { experimentNames } from "../dist/theory/table.js";

const [images, command, guides] = ["../docs/images", "../dist/cli/main.js", "guides.mjs"].map(
  (path) => fileURLToPath(new URL(path, import.meta.url)),
);

/** Runs Node on a script, in the sight of whoever waits. */
const run = (...parameters) => execFileSync(process.execPath, parameters, { stdio: "inherit" });

/** What makes the pictures of a group, by way of an empty folder. */
const groups = {
  theory(made) {
    mkdirSync(join(images, "theory"), { recursive: true });
    for (const name of experimentNames) {
      run(command, "theory", name, "--out", made);
      for (const file of [`${name}.png`, `${name}.webp`])
        if (existsSync(join(made, file)))
          copyFileSync(join(made, file), join(images, "theory", file));
    }
  },
  presets(made) {
    for (const name of presetNames) {
      if (name === "mlp") continue; // the article's digits, and grainier
      const out = join(made, name);
      const rate = name === "article" ? ["--lr", "5e-4"] : []; // as npm start has it
      run(command, "train", "--preset", name, "--seed", "7", "--out", out, ...rate);
      const last = join(out, `samples/${presets[name].steps}.png`);
      copyFileSync(last, join(images, "presets", `${name}.png`));
    }
    copyFileSync(join(images, "presets/article.png"), join(images, "digits.png"));
  },
  guides: () => run(guides),
};

const named = process.argv.slice(2);
const unknown = named.find((name) => !Object.hasOwn(groups, name));
if (unknown !== undefined) {
  const known = Object.keys(groups).join(", ");
  console.error(`Expected one of ${known} for a group of pictures but received "${unknown}"`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : Object.keys(groups)) {
  const made = mkdtempSync(join(tmpdir(), "sparring-pictures-"));
  try {
    groups[name](made);
  } finally {
    rmSync(made, { recursive: true });
  }
}
