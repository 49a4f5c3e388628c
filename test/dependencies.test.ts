// docs/dependencies.md has exactly the dependencies of package.json, each in the section of its kind, with what it does and
// why it is there; THIRD_PARTY_NOTICES.md names what was taken in.
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { readPage, root } from "./helpers/pages.js";

const sections = {
  dependencies: "## With the package",
  optionalDependencies: "## If it can be had",
  devDependencies: "## For development",
};

it.each(Object.entries(sections))("docs/dependencies.md lists the %s", async (kind, heading) => {
  const description = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const { text } = await readPage("docs/dependencies.md");
  const [section = ""] = text.split(`\n${heading}\n`)[1]?.split("\n## ") ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) =>
    [...(row.split(" | ")[0] as string).matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect(named).toEqual(Object.keys(description[kind]).sort());
  for (const row of rows)
    for (const cell of row.split(" | ")) expect(cell.replaceAll("|", "").trim()).not.toBe("");
});

it("THIRD_PARTY_NOTICES.md names every schema, and comes with the package", async () => {
  const notices = await readFile(join(root, "THIRD_PARTY_NOTICES.md"), "utf8");
  const paths = await readdir(join(root, "lib"), { recursive: true });
  const generated = paths.filter((path) => path.endsWith("_pb.ts"));
  expect(generated.length).toBeGreaterThan(0);
  for (const path of generated) {
    expect(notices).toContain(`\`dist/${dirname(path)}\``);
    expect(notices).toContain(`\`${basename(path, "_pb.ts")}.proto\``);
  }
  expect(notices).toContain("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION");
  const { files } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(files).toContain("THIRD_PARTY_NOTICES.md");
});
