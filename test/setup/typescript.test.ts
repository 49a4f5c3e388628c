// What is in dist/ after a build, and after one that fails; in place of tsc, and of the bundler, scripts.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { buildTypescript } from "../../scripts/setup/typescript.mjs";
import { temporaryFolder, writeFiles } from "./helpers.js";

const tsc = `
const { copyFileSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { argv } = process;
const folder = argv[argv.indexOf("--outDir") + 1];
const isPage = argv[argv.indexOf("-p") + 1].startsWith("lib/");
const source = isPage ? "lib/dashboard/page/main.ts" : "lib/cli/main.ts";
const file = folder + (isPage ? "/main.js" : "/cli/main.js");
mkdirSync(dirname(file), { recursive: true });
copyFileSync(source, file);
if (readFileSync(source, "utf8").includes("place.js"))
  writeFileSync(folder + "/place.js", "export const place = import.meta.url;");
if (readFileSync(source, "utf8") === "wrong") {
  console.log(source + ": it is wrong");
  process.exitCode = 2;
}
`;

/** In place of the bundler: says what it was asked for. */
const rolldown = `
import { appendFileSync } from "node:fs";
export const rolldown = async ({ input }) => ({
  async write({ dir, entryFileNames }) {
    appendFileSync(dir + "/" + entryFileNames, ", of few files");
    if (!input.endsWith("dist.new/cli/main.js")) throw new Error(input);
  },
  async close() {},
});
`;

/** A package whose dist/ is of sources that it had before. */
function builtBefore(): string {
  const root = temporaryFolder();
  writeFiles(root, {
    "package.json": "{}",
    "node_modules/typescript/package.json": "{}",
    "node_modules/typescript/bin/tsc": tsc,
    "node_modules/rolldown/package.json": "{}",
    "node_modules/rolldown/dist/index.mjs": rolldown,
    "lib/cli/main.ts": "new",
    "lib/dashboard/page/main.ts": "new page",
    "lib/dashboard/page/style.css": "new style",
    "dist/cli/main.js": "old",
    "dist/cli/gone.js": "old",
  });
  return root;
}

const files = (root: string) =>
  (readdirSync(join(root, "dist"), { recursive: true }) as string[])
    .filter((path) => statSync(join(root, "dist", path)).isFile())
    .sort();
const beside = (root: string) => readdirSync(root).filter((name) => name.startsWith("dist"));

it.each(["lib/cli/main.ts", "lib/dashboard/page/main.ts"])(
  "a build that fails at %s says why, and leaves what was there",
  async (path) => {
    const root = builtBefore();
    writeFiles(root, { [path]: "wrong" });
    await expect(buildTypescript(root)).rejects.toThrow(
      `${path}: it is wrong\n\nThe TypeScript does not compile`,
    );
    expect(files(root)).toEqual(["cli/gone.js", "cli/main.js"]);
    expect(beside(root)).toEqual(["dist"]);
  },
);

it.each(["", "dist.new/cli/cut.js", "dist.old/cli/cut.js"])(
  "a build takes the place of the one before; one that was killed left: %s",
  async (left) => {
    const root = builtBefore();
    if (left !== "") writeFiles(root, { [left]: "left" });
    await buildTypescript(root);
    expect(files(root)).toEqual([
      "cli/main.js",
      "dashboard/page/main.js",
      "dashboard/page/style.css",
    ]);
    expect(readFileSync(join(root, "dist/cli/main.js"), "utf8")).toBe("new, of few files");
    expect(statSync(join(root, "dist/cli/main.js")).mode & 0o777).toBe(0o755);
    expect(beside(root)).toEqual(["dist"]);
  },
);

it("modules of the command know where they were, by whatever path the package is reached", async () => {
  const root = builtBefore();
  const main = 'import { place } from "../place.js"; console.log(place);';
  writeFiles(root, { "package.json": '{ "type": "module" }', "lib/cli/main.ts": main });
  rmSync(join(root, "node_modules/rolldown"), { recursive: true });
  const real = fileURLToPath(new URL("../../node_modules/rolldown", import.meta.url));
  symlinkSync(real, join(root, "node_modules/rolldown"));
  const link = join(temporaryFolder(), "link");
  symlinkSync(root, link);
  writeFiles(root, { "node_modules/typescript/package.json": '{ "type": "commonjs" }' });
  await buildTypescript(link);
  const told = execFileSync(process.execPath, [join(root, "dist/cli/main.js")], {
    encoding: "utf8",
  });
  expect(told.trim()).toBe(pathToFileURL(join(realpathSync(root), "dist/place.js")).href);
});

it("a first build needs no dist/", async () => {
  const root = builtBefore();
  rmSync(join(root, "dist"), { recursive: true });
  await buildTypescript(root);
  expect(files(root)).toContain("cli/main.js");
});
