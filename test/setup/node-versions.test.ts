// `npm run check:node`: which versions it tries, and what it says of one that is not like the others.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { permissionsFor, problemWith, versionsOf } from "../../scripts/node-versions/verdict.mjs";
import { readPage, root } from "../helpers/pages.js";

it("the check of Nodes tries the oldest Node that package.json allows, and those that the page names", async () => {
  const { engines } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const versions = versionsOf(engines.node);
  expect(versions[0]).toBe(`${engines.node.slice(2)}.0`);
  const named = `${versions.slice(0, -1).join(", ")} and ${versions.at(-1)}`;
  expect((await readPage("docs/setup.md")).text).toContain(`the same bits under ${named} |`);
  expect(() => versionsOf("^20")).toThrow(
    'Expected >= and a version for engines.node but received "^20"',
  );
});

it("the check of Nodes tells another Node than the one that was asked for, and other bits", () => {
  const first = { node: "20.17.0", bits: "aa" };
  expect(problemWith("20.17.0", first)).toBeUndefined();
  expect(problemWith("22", { node: "22.23.3", bits: "aa" }, first)).toBeUndefined();
  expect(problemWith("2", { node: "22.23.3", bits: "aa" }, first)).toBe(
    "Expected Node 2 but received 22.23.3",
  );
  expect(problemWith("22", { node: "22.23.3", bits: "bb" }, first)).toBe(
    "Expected the bits of Node 20.17.0, aa, for Node 22.23.3 but received bb",
  );
});

it("the check of Nodes lets the last do what it has to, and nothing else", () => {
  const permissions = permissionsFor({ read: ["/here", "/libtorch"], write: ["/out"] });
  expect(permissions).toEqual([
    "--permission",
    "--allow-addons",
    "--disable-warning=SecurityWarning",
    "--allow-fs-read=/here",
    "--allow-fs-read=/libtorch",
    "--allow-fs-write=/out",
  ]);
});
