// The explorer of a run with styles: how far they are from their mean, asked of the server and on the page.
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Generator } from "../../lib/index.js";
import { openBrowser } from "../helpers/browser.js";
import { runCli } from "../helpers/cli.js";
import { ask, explorerOf, type Serving, startDashboard } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { styledArchitecture, trainStyled } from "../helpers/styled-run.js";

let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
let server: Serving;
let url: URL;

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  await writeIdxFolder(join(folder.path, "data"), 40);
  const plain = "train --preset mlp --data data --size 8 --batch 10 --threads 1 --steps 1";
  expect(await runCli(`${plain} --out runs/plain`.split(" "), folder.path)).toMatchObject({
    code: 0,
  });
  await trainStyled(folder.path, "runs/styles");
  server = await startDashboard("runs", folder.path);
  url = new URL(server.url);
});
afterAll(async () => {
  server?.child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

const port = () => Number(url.port);

it("the server draws styles nearer to their mean, and refuses that where there are none", async () => {
  const explore = await explorerOf(port());
  const near = await explore({ run: "styles", points: [{ from: 5 }], truncationPsi: 0.4 });
  using generator = new Generator(styledArchitecture);
  await generator.loadWeights(join(folder.path, "runs/styles/weights/generator.safetensors"));
  const images = await generator.sample(1, { seed: 5, truncationPsi: 0.4 });
  const expected = await images.toPng({ columns: 1, padding: 0 });
  const pixels = (png: Uint8Array) => sharp(png).raw().toBuffer();
  expect(await pixels(near.body)).toEqual(await pixels(expected));
  const plain = await explore({ run: "styles", points: [{ from: 5 }] });
  expect(await pixels(plain.body)).not.toEqual(await pixels(near.body));
  expect(await explore({ run: "plain", truncationPsi: 0.4 })).toMatchObject({
    status: 400,
    json: {
      error:
        "Expected nothing (the generator has no styled layers) for truncationPsi but received 0.4",
    },
  });
  const styled = async (run: string) => (await ask(port(), `/api/plan?run=${run}`)).json.styled;
  expect([await styled("styles"), await styled("plain")]).toEqual([true, false]);
});

/** The page of a run, at the explorer, when its last row is there. */
async function open(run: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${url}?run=${run}`);
  const explorer = page.locator("#explorer");
  await expect
    .poll(async () => {
      await explorer.evaluate((element) => element.scrollIntoView());
      return explorer.getByRole("button", { name: "Go to seed 11" }).count();
    })
    .toBe(1);
  return page;
}

/** The large picture and the small ones. */
const pictures = (page: Page) =>
  page
    .locator("#explorer canvas")
    .evaluateAll((all) => all.map((one) => (one as unknown as HTMLCanvas).toDataURL()));

interface HTMLCanvas {
  toDataURL(): string;
}

it("the page has a slider for it, which all pictures follow, and says where it stands", async () => {
  const page = await open("styles");
  const slider = page.getByRole("slider", { name: "Truncation psi" });
  expect(await slider.inputValue()).toBe("1");
  const whole = await pictures(page);
  expect(new Set(whole).size).toBeGreaterThan(10);
  await slider.fill("0.5");
  await page
    .getByRole("img", { name: "Sample of seed 0, truncation psi 0.5", exact: true })
    .waitFor();
  await expect
    .poll(async () => (await pictures(page)).filter((one, i) => one === whole[i]).length)
    .toBe(0);
  await slider.fill("0");
  // Of one style all samples are alike.
  await expect.poll(async () => new Set(await pictures(page)).size).toBe(1);
  await slider.fill("1");
  await page.getByRole("img", { name: "Sample of seed 0", exact: true }).waitFor();
  await expect.poll(() => pictures(page)).toEqual(whole);
  await page.close();
});

it("a generator is loaded when somebody looks, and each picture is freed once it is drawn", async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 600 } });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.addInitScript(() => {
    const window = globalThis as unknown as { createImageBitmap(blob: object): Promise<object> };
    const { createImageBitmap: make } = window;
    const bitmaps: object[] = [];
    Object.assign(window, {
      bitmaps,
      createImageBitmap: async (blob: object) => {
        const made = await make(blob);
        bitmaps.push(made);
        return made;
      },
    });
  });
  await page.goto(`${url}?run=plain`);
  await page.locator("#plan .layers").first().waitFor();
  await page.locator(".plot[aria-label*=' at step ']").first().waitFor();
  expect(asked).not.toContain("/api/explore");
  await page.locator("#explorer").evaluate((element) => element.scrollIntoView());
  await page.getByRole("button", { name: "Go to seed 11" }).waitFor();
  await page.getByRole("slider", { name: "Between seeds" }).fill("0.5");
  await page.getByRole("img", { name: /^Sample of seed 0, 50 % on the way/ }).waitFor();
  expect(await page.evaluate("bitmaps.length")).toBeGreaterThan(3);
  // A bitmap that is closed has no width.
  await expect.poll(() => page.evaluate("bitmaps.filter(({ width }) => width > 0).length")).toBe(0);
  await page.close();
});

it("the page has none where there are no styles", async () => {
  const page = await open("plain");
  expect(await page.getByRole("slider", { name: "Between seeds" }).count()).toBe(1);
  expect(await page.getByRole("slider", { name: "Truncation psi" }).count()).toBe(0);
  await page.close();
});
