// What npm packs, as far as that can be said without packing: `node scripts/pack-test.mjs` installs it, too.
import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readPage, root } from "./helpers/pages.js";

let files: string[];
beforeAll(() => {
  const asked = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  // An array of packages; since npm 12 an object of them.
  const told = JSON.parse(execFileSync("npm", asked, { cwd: root, encoding: "utf8" }));
  const [packed] = Object.values<{ files: { path: string }[] }>(told);
  files = (packed?.files ?? []).map(({ path }) => path);
});

describe("the package", () => {
  it("has whatever README links to or shows", async () => {
    const { text } = await readPage("README.md");
    const links = [...text.matchAll(/\]\(([^)#\s]+)|(?:src|href)="([^"#]+)/g)];
    const paths = links.map(([, link, source]) => (link ?? source) as string);
    const local = paths.filter((path) => !/^https?:/.test(path)).map(posix.normalize);
    expect(local).toContain("docs/setup.md");
    expect(local.filter((path) => !files.includes(path))).toEqual([]);
  });

  it("has no binding.gyp: npm would tell that it runs node-gyp, and it runs the set-up", () => {
    expect(files).not.toContain("binding.gyp");
    expect(files).toContain("scripts/setup.mjs");
  });
});
