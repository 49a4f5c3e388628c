// The page with more than it is usually shown: names that are long or alike, dozens of runs, tabs beside each other.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../helpers/browser.js";
import { config, line, type Serving, startDashboard, writeRun } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { forgetWritten, noteWritten, numbersBelow } from "../helpers/written.js";

let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
let server: Serving;
const at = (...parts: string[]) => join(folder.path, ...parts);
const long = `a-${"very-".repeat(30)}long-name`;
const numbered = Array.from({ length: 35 }, (_, i) => `many/${String(i).padStart(2, "0")}`);

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  const stats = line(10) + line(20);
  for (const name of ["x/lr1", "y/lr1", "short", ...numbered]) await writeRun(at(name), { stats });
  await writeRun(at(long), { stats, config: { ...config, steps: 1_123_456_789 } });
  server = await startDashboard(".", folder.path);
});
afterAll(async () => {
  server?.child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

async function open(ids: readonly string[], width = 1280): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  await page.goto(addressOf(ids));
  await page.locator("#link[data-state=live]").waitFor();
  return page;
}

const addressOf = (ids: readonly string[]) =>
  `${server.url}?${new URLSearchParams(ids.map((id) => ["run", id] as [string, string]))}`;
const titles = (page: Page) => page.locator("article.run h3").allInnerTexts();
const followed = "Curves of 32 runs are drawn, those chosen first; ";

it.each([390, 1280])("a long name does not widen the page of %i pixels", async (width) => {
  const page = await open([long, "short"], width);
  await expect.poll(() => titles(page)).toEqual([long, "short"]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  const cards = await page
    .locator("article.run")
    .evaluateAll((all) => all.map((one) => [one.scrollWidth, one.clientWidth]));
  for (const [content, card] of cards) expect(content).toBeLessThanOrEqual(card as number);
  await page.close();
});

it("a long name is there to its end, in the list, the cards and the plan; its line keeps its mark", async () => {
  const page = await open([long, "short"]);
  const widths = (selector: string) =>
    page
      .locator(selector)
      .evaluateAll((all) => all.map((one) => [one.scrollWidth, one.clientWidth] as const));
  await page.locator("#plan thead th").first().waitFor();
  for (const selector of [".run-name", "#runs .row .faint", "article.run h3", "#plan .scroll"]) {
    const found = await widths(selector);
    expect(found.length).toBeGreaterThan(0);
    for (const [content, box] of found) expect(content, selector).toBe(box);
  }
  const marks = await page
    .locator(".chart:not([hidden]) .mark")
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
  expect(new Set(marks).size).toBe(1);
  await page.close();
});

it("the numbers below a curve are whole steps and seconds, each at its place", async () => {
  const ticks = [4, 8, 12].map((step) => line(step, { seconds: step }));
  await writeRun(at("few"), { stats: ticks.join("") });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await noteWritten(page);
  await page.goto(addressOf(["few"]));
  await page.locator(".plot[aria-label$='at step 12']").first().waitFor();
  for (const [button, numbers] of [
    ["By step", ["0:05", "0:10"]],
    ["By time", ["5", "10"]],
  ] as const) {
    await forgetWritten(page);
    await page.getByRole("button", { name: button }).click();
    await expect.poll(() => numbersBelow(page)).toEqual(numbers);
  }
  await page.close();
});

it("runs that end alike are told apart: in cards, legends, plans", async () => {
  const page = await open(["x/lr1", "y/lr1"]);
  await expect.poll(() => titles(page)).toEqual(["x/lr1", "y/lr1"]);
  const legend = page.locator(".chart >> nth=0 >> .legend li");
  await expect
    .poll(async () => (await legend.allInnerTexts()).map((text) => text.split(",")[0]))
    .toEqual(["x/lr1", "x/lr1", "y/lr1", "y/lr1"]);
  await expect
    .poll(() => page.locator("#plan thead th[scope=col]").allInnerTexts())
    .toEqual(expect.arrayContaining(["x/lr1", "y/lr1"]));
  await page.close();
});

it("a name is text, whatever it looks like", async () => {
  const strange = ["<img src=x onerror=alert(1)>", "日本語 ラン 🥊", "a&b=c #1 %20+x", "a,b"];
  for (const name of strange)
    await writeRun(at(name), { config: { ...config, data: `/data/${name}` } });
  const page = await open(strange);
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await expect.poll(() => titles(page)).toEqual(strange);
  await expect
    .poll(() => page.locator("#plan thead th[scope=col]").allInnerTexts())
    .toEqual(expect.arrayContaining(strange));
  expect(await page.locator(".chart >> nth=0 >> .legend li").first().textContent()).toContain(
    strange[0],
  );
  expect(await page.locator("article.run").first().textContent()).toContain(`Data${strange[0]}`);
  expect(await page.locator("img[src=x]").count()).toBe(0);
  expect(dialogs).toEqual([]);
  await page.close();
});

it("an address that has a run twice shows it once", async () => {
  const page = await open(["short", "x/lr1", "short"]);
  await expect.poll(() => titles(page)).toEqual(["short", "x/lr1"]);
  const legend = page.locator(".chart >> nth=0 >> .legend li");
  await expect.poll(() => legend.count()).toBe(4);
  await page.close();
});

it("the list has a colour, a state and a bar for each run, and a new one at its place", async () => {
  const page = await open(numbered.slice(0, 7));
  const row = (name: string) =>
    page.locator("#runs li", { has: page.getByText(name, { exact: true }) });
  const colourOf = (name: string) =>
    row(name).evaluate((one) =>
      (
        one as unknown as { style: { getPropertyValue(name: string): string } }
      ).style.getPropertyValue("--mine"),
    );
  // Six colours, and then again from the first on, with a line in other dashes.
  await expect.poll(() => colourOf(numbered[6] as string)).toBe("var(--run-1)");
  expect(await colourOf(numbered[5] as string)).toBe("var(--run-6)");
  expect(await colourOf("short")).toBe("var(--faint)");
  const marks = (name: string) => row(name).locator(".mark:visible").count();
  expect(await Promise.all([5, 6].map((i) => marks(numbered[i] as string)))).toEqual([0, 1]);
  expect(await page.locator("article.run .mark:visible").count()).toBe(1);
  const bar = row("short").getByRole("progressbar", { name: "Steps of short", exact: true });
  expect(await bar.evaluate((one) => (one as unknown as { value: number }).value)).toBe(0.2);
  const names = () => page.locator("#runs .run-name").allInnerTexts();
  const before = await names();
  await writeRun(at("newest"), { config: { ...config, started: "2027-01-01T00:00:00.000Z" } });
  await expect.poll(names).toEqual(["newest", ...before]);
  await rm(at("newest"), { recursive: true });
  await expect.poll(names).toEqual(before);
  await page.close();
});

it("no two lines of a chart are alike, of eighteen runs", async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(() => {
    const dashes = new Set<string>();
    const { CanvasRenderingContext2D: canvas } = globalThis as unknown as {
      CanvasRenderingContext2D: { prototype: { setLineDash(dash: number[]): void } };
    };
    const { setLineDash } = canvas.prototype;
    Object.assign(globalThis, { dashes });
    canvas.prototype.setLineDash = function (dash) {
      dashes.add(dash.join(" "));
      setLineDash.call(this, dash);
    };
  });
  await page.goto(addressOf(numbered.slice(0, 18)));
  const first = page.locator(".chart:not([hidden])").first();
  await expect.poll(() => first.locator(".mark").count()).toBe(36);
  const styles = await first
    .locator(".mark")
    .evaluateAll((all) => all.map((one) => one.getAttribute("style")));
  expect(new Set(styles).size).toBe(36);
  // A solid line has none; the others are drawn as the legend shows them.
  const drawn = async () => (await page.evaluate("[...dashes]")) as string[];
  await expect.poll(async () => (await drawn()).filter((dash) => dash !== "").length).toBe(5);
  await page.close();
});

it("the explorer of a run without weights asks once, and says so", async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  let asked = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api/explore") asked += 1;
  });
  await page.goto(addressOf(["short"]));
  await page.locator("#explorer").scrollIntoViewIfNeeded();
  const caption = page.locator("#explorer figcaption.problem");
  await expect
    .poll(() => caption.allInnerTexts(), { timeout: 30_000 })
    .toEqual([expect.stringContaining("it has none yet, or lost them")]);
  // The rows would have asked by now.
  await page.waitForTimeout(500);
  expect(asked).toBe(1);
  await page.close();
});

it("a picture that has not come yet has its room", async () => {
  await writeRun(at("slow"), { samples: [10] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  // Never answered.
  await page.route("**/api/sample?*", () => {});
  await page.goto(addressOf(["slow"]));
  const { width = 0, height = 0 } = (await page.locator("img.grid").boundingBox()) ?? {};
  expect(width).toBeGreaterThan(100);
  expect(height).toBeCloseTo(width, 0);
  await page.close();
});

it("the page says how many runs have no curves, where more are shown than it follows", async () => {
  const page = await open(numbered);
  await page.getByText(`${followed}3 runs have none here.`, { exact: true }).waitFor();
  for (const name of numbered.slice(0, 2))
    await page.getByRole("checkbox", { name, exact: true }).uncheck();
  await page.getByText(`${followed}1 run has none here.`, { exact: true }).waitFor();
  await page.getByRole("checkbox", { name: numbered[2] as string, exact: true }).uncheck();
  await expect.poll(() => page.getByText(followed).count()).toBe(0);
  await page.close();
});

it("a run whose folder is gone goes with the next choice", async () => {
  await writeRun(at("gone"));
  const page = await open(["gone", "short"]);
  await expect.poll(() => titles(page)).toEqual(["gone", "short"]);
  await rm(at("gone"), { recursive: true });
  const gone = page.getByText("The folder of gone is gone.");
  await gone.waitFor();
  await page.getByRole("checkbox", { name: "x/lr1", exact: true }).check();
  await expect.poll(() => titles(page)).toEqual(["short", "x/lr1"]);
  expect(await gone.isVisible()).toBe(false);
  expect(new URL(page.url()).searchParams.getAll("run")).toEqual(["short", "x/lr1"]);
  await page.close();
});

it("tabs that are hidden keep no connection from the one that is not", async () => {
  const context = await browser.newContext();
  /** As the browser tells a page when another tab comes before it; without a window it does not. */
  const turn = (page: Page, hidden: boolean) =>
    page.evaluate((value) => {
      const { document, Event } = globalThis as unknown as {
        document: { dispatchEvent(event: object): void };
        Event: new (name: string) => object;
      };
      Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const pages: Page[] = [];
  for (let i = 0; i < 8; ++i) {
    const page = await context.newPage();
    await page.goto(addressOf(["short"]), { timeout: 10_000 });
    await page.locator("#link[data-state=live]").waitFor({ timeout: 10_000 });
    await turn(page, true);
    pages.push(page);
  }
  // One that is shown again has what it missed.
  const [first] = pages as [Page];
  await writeRun(at("later"));
  await turn(first, false);
  await first.getByRole("checkbox", { name: "later", exact: true }).waitFor();
  await context.close();
});
