// The documentation site: it is built without a warning, which covers exports without a docstring, and every link
// of it leads somewhere.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "./helpers/browser.js";
import { makeFolder } from "./helpers/folder.js";
import { readPages, root } from "./helpers/pages.js";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let said = "";
/** HTML by its path in the site, without what is between script tags. */
const html = new Map<string, string>();
const files = new Set<string>();
let icons: Set<string>;

beforeAll(async () => {
  folder = await makeFolder();
  const site = join(folder.path, "site");
  const script = [join(root, "scripts/site.mjs"), site];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, script);
  said = stdout + stderr;
  for (const entry of await readdir(site, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.add(relative(site, path));
    if (entry.name.endsWith(".html"))
      html.set(
        relative(site, path),
        (await readFile(path, "utf8")).replace(/<script>.*?<\/script>/gs, ""),
      );
  }
  icons = new Set(attributes(await readFile(join(site, "assets/icons.svg"), "utf8"), "id"));
});
afterAll(() => folder.remove());

const attributes = (text: string, names: string) =>
  [...text.matchAll(new RegExp(`\\s(?:${names})="([^"]*)"`, "g"))].map(([, value]) =>
    (value as string).replaceAll("&amp;", "&"),
  );

it("the site is built without a warning", () => {
  expect(said).not.toMatch(/warning|error/i);
  expect(html.size).toBeGreaterThan(150);
});

it("the site has every page of the documentation and of the API", async () => {
  const titles = [...html.values()].map((text) => /<title>([^<]*)<\/title>/.exec(text)?.[1]);
  for (const { path, text } of (await readPages()).filter(({ path }) => path !== "README.md")) {
    const title = (/^# (.*)$/m.exec(text)?.[1] ?? path).replaceAll("`", "");
    expect(titles, path).toContain(`${title} | Sparring`);
  }
  for (const page of ["classes/Trainer.html", "functions/objectives.hinge.html"])
    expect(files).toContain(page);
});

it("the site links only to what is there, and needs no network", () => {
  const ids = new Map([...html].map(([path, text]) => [path, new Set(attributes(text, "id"))]));
  const broken = [...html].flatMap(([path, text]) =>
    attributes(text, "href|src")
      .filter((link) => !/^(https?|mailto):/.test(link))
      .filter((link) => {
        const [file = "", anchor] = decodeURIComponent(link).split("#");
        const target =
          file === "" ? path : join(dirname(path), file).replace(/^\.?\/?$/, "index.html");
        if (target === "assets/icons.svg") return !icons.has(anchor as string);
        return !files.has(target) || (anchor && !ids.get(target)?.has(anchor));
      })
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
  for (const [path, text] of html) {
    expect(text, path).not.toMatch(/<(script|link|img)[^>]*(src|href)="(https?:)?\/\//);
    expect(text, path).not.toMatch(/<a href="[^"]*\.md[#"]/);
  }
});

it("the site draws formulas, and tells of defaults in a sentence", () => {
  const objectives = html.get("documents/Objectives,_penalties_and_auxiliaries.html") as string;
  expect(objectives.match(/<math/g)?.length).toBeGreaterThan(40);
  for (const [path, text] of html)
    expect(text, path).not.toMatch(/\$<code>|<\/code>\$|class="math"/);
  expect(html.get("types/RunOptions.html")).toContain("Default: <code>64</code>");
});

it("no page is wider than a phone, and the way to a page ends in it", async () => {
  await using browser = await openBrowser();
  // Widths are those of the style alone, which scripts only delay.
  const page = await browser.newPage({
    viewport: { width: 400, height: 800 },
    javaScriptEnabled: false,
  });
  const open = (path: string) => page.goto(pathToFileURL(join(folder.path, "site", path)).href);
  const wide: string[] = [];
  for (const path of [...html.keys()].filter((path) => /^(documents|interfaces)/.test(path))) {
    await open(path);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    if (width > 400) wide.push(`${path}: ${width}`);
  }
  expect(wide).toEqual([]);

  await open("functions/datasets.folder.html");
  const after = await page.evaluate(
    "[...document.querySelectorAll('.tsd-breadcrumb li')].map((item) => getComputedStyle(item, '::after').content)",
  );
  expect(after).toEqual(['" / "', "none"]);
}, 120_000);
