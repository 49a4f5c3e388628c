// The pictures of docs/dashboard.md, of a folder of runs that SPARRING_SCREENSHOTS names. Without it the same is done on small
// runs, and nothing kept: the way to the pictures has to work when they are wanted.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../helpers/browser.js";
import { runCli } from "../helpers/cli.js";
import { type Serving, startDashboard } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { root } from "../helpers/pages.js";

const asked = process.env.SPARRING_SCREENSHOTS;
let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
let server: Serving;
/** What is photographed: the newest run, and one before it. */
let ids: string[] = [];

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  await writeIdxFolder(join(folder.path, "data"), 64);
  const small =
    "--data data --size 8 --batch 32 --threads 1 --no-tensorboard --log-every 1 --steps 12";
  for (const preset of asked === undefined ? ["cgan", "infogan"] : []) {
    const words = `train --preset ${preset} ${small} --out runs/${preset}`;
    expect(await runCli(words.split(" "), folder.path)).toMatchObject({ code: 0 });
  }
  server = await startDashboard(asked ?? "runs", folder.path);
  const answer = (await (await fetch(`${server.url}api/runs`)).json()) as {
    runs: { id: string }[];
  };
  ids = answer.runs.map(({ id }) => id);
  if (asked !== undefined) await mkdir(join(root, "docs/images"), { recursive: true });
});
afterAll(async () => {
  server?.child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

type Shot = readonly [
  name: string,
  ids: () => string[],
  section: string,
  options: BrowserContextOptions,
];

const wide = { viewport: { width: 1360, height: 880 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 };

const shots: readonly Shot[] = [
  ["overview", () => ids.slice(0, 1), "#samples", wide],
  ["compare", () => ids.slice(0, 2), "#curves", { ...wide, colorScheme: "dark" }],
  ["explorer", () => ids.slice(0, 1), "#explorer", { ...wide, colorScheme: "dark" }],
  ["plan", () => ids.slice(0, 1), "#plan details:has(.operations)", wide],
  ["phone", () => ids.slice(0, 1), "#samples", phone],
];

it.each(shots)("dashboard-%s.png has something on it", async (name, chosen, section, options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(
    `${server.url}?${new URLSearchParams(chosen().map((id) => ["run", id] as [string, string]))}`,
  );
  await page.locator(".chart canvas").first().waitFor();
  await page.locator("img.grid").last().waitFor();
  if (section === "#explorer") await explore(page);
  else if (section !== "#samples") await scrollTo(page, section);
  // Fonts and pictures that are still coming.
  await page.evaluate("document.fonts.ready");
  await page.waitForLoadState("load");
  const png = await page.screenshot();
  expect((await sharp(png).stats()).entropy).toBeGreaterThan(0.5);
  // A palette is a third of the size, and nobody sees the difference.
  if (asked !== undefined)
    await sharp(png)
      .png({ palette: true, compressionLevel: 9 })
      .toFile(join(root, `docs/images/dashboard-${name}.png`));
  await context.close();
});

async function scrollTo(page: Page, section: string): Promise<void> {
  await page
    .locator(section)
    .evaluate((element) => element.scrollIntoView({ behavior: "instant" }));
}

async function explore(page: Page): Promise<void> {
  await scrollTo(page, "#explorer");
  const explorer = page.locator("#explorer");
  await explorer.locator("figcaption", { hasText: " ms" }).waitFor();
  await explorer.getByLabel("Seed", { exact: true }).fill("3");
  await explorer.getByLabel("To seed", { exact: true }).fill("8");
  await explorer.getByRole("slider", { name: "Between seeds" }).fill("0.4");
  await explorer.getByText("From seed 3 to seed 8").waitFor();
  await explorer.getByRole("button", { name: "Go to seed 14" }).waitFor();
}
