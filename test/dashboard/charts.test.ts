// The charts of the page: what stands at their axes, which values they tell, and how a reader moves in them.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { thin } from "../../lib/dashboard/page/axis.js";
import { openBrowser } from "../helpers/browser.js";
import { line, type Serving, startDashboard, writeRun } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { forgetWritten, noteWritten, numbersBelow, written } from "../helpers/written.js";

let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
let server: Serving;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  await writeRun(at("first"));
  server = await startDashboard(".", folder.path);
});
afterAll(async () => {
  server?.child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

/** Ticks of the steps 1 to `count`, with what each has of its own. */
const ticks = (count: number, more: (step: number) => object) =>
  Array.from({ length: count }, (_, i) => line(i + 1, more(i + 1))).join("");

/** The page of a run whose charts have these ticks. */
async function open(name: string, stats: string): Promise<Page> {
  await writeRun(at(name), { stats });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await noteWritten(page);
  await page.goto(`${server.url}?run=${name}`);
  await page.locator(".plot[aria-label*=' at step ']").first().waitFor();
  return page;
}

const losses = (page: Page) => page.locator(".plot").first();
const values = (page: Page) => page.locator(".chart >> nth=0 >> .legend .value").allInnerTexts();

describe("numbers at an axis", () => {
  it.each([
    ["near-log-2", (step: number) => ({ generatorLoss: Math.LN2 + step * 1e-6 })],
    ["far-away", (step: number) => ({ generatorLoss: -(10 ** (step / 2)) })],
    ["fast", (step: number) => ({ imagesPerSecond: 10_010 + (step % 7) })],
    ["tiny", (step: number) => ({ discriminatorLoss: step * 1e-9, generatorLoss: 0 })],
  ])("are told apart and not cut: %s", async (name, more) => {
    const page = await open(name, ticks(40, more));
    // Once more, all at once: what was written before there were ticks stood elsewhere.
    await forgetWritten(page);
    await page.getByRole("button", { name: "Colours" }).click();
    await expect.poll(async () => (await written(page)).length).toBeGreaterThan(20);
    const all = (await written(page)).filter(({ text }) => text !== "");
    for (const { text, from, to, width } of all) {
      expect(from, text).toBeGreaterThanOrEqual(0);
      expect(to, text).toBeLessThanOrEqual(width);
    }
    // A number that stands at two heights beside a chart says nothing.
    const beside = all.filter((one) => one.beside);
    const places = new Set(beside.map(({ text, y, canvas }) => `${canvas}: ${text} at ${y}`));
    const names = [...places].map((one) => one.replace(/ at .*/, ""));
    expect(names.filter((one, i) => names.indexOf(one) !== i)).toEqual([]);
    await page.close();
  });
});

it("an axis has numbers however far it goes, as a loss that goes wrong has them", async () => {
  const page = await open(
    "wrong",
    ticks(10, (step) => ({ generatorLoss: step * 1e37, discriminatorLoss: 0 })),
  );
  const beside = (await written(page)).filter((one) => one.beside).map(({ text }) => text);
  expect(beside).toEqual(expect.arrayContaining(["5e37", "1e38"]));
  await page.close();
});

it("an axis of nothing but zeros goes to 1", async () => {
  const health = { diversity: 0 };
  const page = await open(
    "zeros",
    ticks(10, () => ({ health, imagesPerSecond: 0 })),
  );
  const beside = (await written(page)).filter((one) => one.beside).map(({ text }) => text);
  expect(beside).toContain("0.5");
  expect(beside).not.toContain("50");
  await page.close();
});

describe("the lines of a logarithmic axis", () => {
  const kept = (...powers: number[]) => {
    const lines = powers.flatMap((power) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((one) => one * power));
    return thin(lines).filter((line) => line !== null);
  };

  it("are as many as there is room for: powers of ten, then twos and fives, then others", () => {
    expect(thin([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([
      ...[1, 2, 3, null, 5, null, 7, null, null, 10],
    ]);
    expect(kept(1, 10)).toEqual([1, 2, 5, 10, 20, 50, 80]);
    // A power has 31 pixels here, from which 50 is 22 away, and the axis ends before 100.
    expect(kept(0.001, 0.01, 0.1, 1, 10)).toEqual([0.001, 0.01, 0.1, 1, 10, 50]);
    const powers = Array.from({ length: 20 }, (_, i) => 10 ** (i - 10));
    const few = kept(...powers);
    expect(few.length).toBeLessThan(11);
    expect(few.every((line) => powers.includes(line))).toBe(true);
  });

  it("are all of them where they are few", () => {
    expect(thin([2, 3, 4])).toEqual([2, 3, 4]);
    expect(thin([5])).toEqual([5]);
    expect(thin([])).toEqual([]);
  });
});

describe("what a chart tells", () => {
  it("is the mean where a row stands for several ticks, with a band from their least to their greatest", async () => {
    // Rows of four ticks: 1 1 1 3 and 3 3 3 7.
    const every = (step: number, most: number, others: number) => (step % 4 === 0 ? most : others);
    const stats = ticks(2000, (step) => ({
      ...{ generatorLoss: every(step, 3, 1), discriminatorLoss: every(step, 7, 3) },
    }));
    const page = await open("rows", stats);
    const label = "Losses: generator 1.5, discriminator 4 at step 2,000";
    await expect.poll(() => losses(page).getAttribute("aria-label")).toBe(label);
    const painted = await page.locator(".chart >> nth=0 >> canvas").evaluate((element) => {
      const canvas = element as unknown as {
        width: number;
        height: number;
        getContext(kind: "2d"): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
      };
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4);
    });
    // Bands of 2 and of 4 out of the 7 that are in view; lines alone would be a few hundredths.
    expect(painted).toBeGreaterThan(0.3);
    await page.close();
  });

  it("follows the keys that walk, and no further than the curve goes", async () => {
    const page = await open(
      "keys",
      ticks(60, (step) => ({ generatorLoss: step })),
    );
    await expect.poll(() => values(page)).toEqual(["60", "61"]);
    // Of what changes by itself, one thing is read out: whether there is a connection.
    expect(await page.locator("output, [aria-live], [role=status]").count()).toBe(1);
    await losses(page).focus();
    for (const [key, step] of [
      ["Home", 1],
      ["ArrowLeft", 1],
      ["PageDown", 21],
      ["PageDown", 41],
      ["PageUp", 21],
      ["ArrowRight", 22],
      ["End", 60],
      ["ArrowRight", 60],
      ["PageUp", 40],
      ["Escape", 60],
    ] as const) {
      await page.keyboard.press(key);
      await expect
        .poll(() => values(page), { message: key })
        .toEqual([String(step), String(step + 1)]);
    }
    await page.close();
  });

  it("is as wide as there is room", async () => {
    const page = await open(
      "width",
      ticks(10, () => ({})),
    );
    const widths = () =>
      page
        .locator(".chart:not([hidden]) .plot")
        .evaluateAll((all) =>
          all.map((one) => [one.clientWidth, one.querySelector("canvas")?.clientWidth]),
        );
    const fits = async () => (await widths()).every(([room, canvas]) => room === canvas);
    const before = await widths();
    await expect.poll(fits).toBe(true);
    await page.setViewportSize({ width: 500, height: 900 });
    await expect.poll(fits).toBe(true);
    expect(await widths()).not.toEqual(before);
    await page.close();
  });

  it("stays the part that somebody has dragged across while ticks come, until a double click", async () => {
    const page = await open(
      "part",
      ticks(100, () => ({})),
    );
    const whole = await numbersBelow(page);
    const box = await page.locator(".chart >> nth=0 >> .u-over").boundingBox();
    const { x = 0, y = 0, width = 0 } = box ?? {};
    await forgetWritten(page);
    await page.mouse.move(x + width * 0.2, y + 50);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.4, y + 50, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => numbersBelow(page)).not.toEqual([]);
    const part = await numbersBelow(page);
    expect(part).not.toEqual(whole);
    await forgetWritten(page);
    await appendFile(at("part", "stats.jsonl"), line(101));
    await expect.poll(() => losses(page).getAttribute("aria-label")).toMatch(/ at step 101$/);
    await expect.poll(() => numbersBelow(page)).toEqual(part);
    await forgetWritten(page);
    await page.mouse.dblclick(x + width * 0.3, y + 50);
    await expect.poll(() => numbersBelow(page)).toEqual(whole);
    await page.close();
  });

  it("shows a part around the pointer, and the whole again, by keys", async () => {
    const page = await open(
      "zoomed",
      ticks(100, (step) => ({ generatorLoss: step })),
    );
    const whole = await numbersBelow(page);
    const zoom = async (keys: string) => {
      for (const key of keys) {
        await forgetWritten(page);
        await page.keyboard.press(key);
        await expect.poll(() => numbersBelow(page), { message: key }).not.toEqual([]);
      }
      return (await numbersBelow(page)).map(Number);
    };
    const across = (steps: number[]) => Math.max(...steps) - Math.min(...steps);
    await losses(page).focus();
    await page.keyboard.press("End");
    const end = await zoom("++=");
    expect(end.every((step) => step >= 87 && step <= 100)).toBe(true);
    await expect.poll(() => values(page)).toEqual(["100", "101"]);
    // It walks on from where it was, and stays there as it is looked at more closely.
    for (const key of ["ArrowLeft", "ArrowLeft"]) await page.keyboard.press(key);
    expect(across(await zoom("+"))).toBeLessThan(7);
    await expect.poll(() => values(page)).toEqual(["98", "99"]);
    // No key comes nearer than two ticks.
    expect(across(await zoom("++"))).toBe(2);
    await page.keyboard.press("+");
    expect(across(await zoom("--"))).toBeGreaterThan(3);
    expect((await zoom("0")).map(String)).toEqual(whole);
    await page.close();
  });
});
