// The page as a stranger has it: headless Chromium on real runs. `npm run screenshots -- FOLDER` makes the pictures of
// docs/dashboard.md of its runs.
import { cp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openBrowser } from "../helpers/browser.js";
import { runCli, startCli } from "../helpers/cli.js";
import { line, type Serving, startDashboard, writeRun } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
let server: Serving;
const names = "auk,bittern,crow,dunnock,eider,finch,gull,heron,ibis,jay".split(",");
const small = "--data data --batch 32 --threads 1 --no-tensorboard --seed 1";

const serve = (path: string) => startDashboard(path, folder.path);

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  await writeIdxFolder(join(folder.path, "data"), 64);
  // Ten classes with names, of seven pictures each.
  const levels = Array.from(
    { length: 70 },
    (_, i) => [`${names[i % 10]}/${i}.png`, 3 * i] as const,
  );
  await writeTree(join(folder.path, "birds"), Object.fromEntries(levels));
  const often = "--log-every 1 --sample-every 10 --checkpoint-every 20";
  for (const words of [
    `train --preset infogan --size 8 --steps 40 ${often} ${small} --out runs/codes`,
    `train --preset cgan --size 8 --steps 40 ${often} ${small.replace("data data", "data birds")} --out runs/classes`,
  ])
    expect(await runCli(words.split(" "), folder.path)).toMatchObject({ code: 0 });
  server = await serve("runs");
});
afterAll(async () => {
  server?.child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

/** A page, and everything that went wrong on it. */
async function open(
  path = "",
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[]; close(): Promise<void> }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${message.location().url}: ${message.text()}`);
  });
  await page.goto(server.url + path);
  await page.locator("#link[data-state=live]").waitFor();
  return { page, problems, close: () => context.close() };
}

/** How many colours a canvas has: one that nothing was drawn on has one. */
function coloursOf(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      height: number;
      getContext(kind: "2d"): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
    };
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
}

const explored = (page: Page) =>
  page
    .locator("#explorer .large")
    .evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());

/** Scrolls to the explorer until its first picture is there: curves that come later push it out of sight again. */
async function openExplorer(page: Page): Promise<void> {
  await expect
    .poll(async () => {
      await page.locator("#explorer").evaluate((element) => element.scrollIntoView());
      return page.locator("#explorer figcaption").textContent();
    })
    .toContain(" ms");
}

describe("the page", () => {
  it("draws the newest run: curves of its ticks, its samples, its plan", async () => {
    const { page, problems, close } = await open();
    expect(await page.title()).toBe("Sparring");
    // That of a probability which no tick tells is not shown.
    await expect.poll(() => page.locator(".chart:not([hidden])").count()).toBe(6);
    await expect
      .poll(() => page.locator(".plot").first().getAttribute("aria-label"))
      .toMatch(/^Losses: generator \S+, discriminator \S+ at step 40$/);
    for (let i = 0; i < 6; ++i)
      expect(await coloursOf(page, `.chart:not([hidden]) >> nth=${i} >> canvas`)).toBeGreaterThan(
        3,
      );
    expect(await page.locator(".plot >> nth=2").getAttribute("aria-label")).toMatch(
      /^D\(x\) and D\(G\(z\)\): reals 0\.\d+, fakes 0\.\d+ at step 40$/,
    );
    const picture = page.locator("img.grid");
    await expect
      .poll(() =>
        picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      )
      .toBeGreaterThan(40);
    expect(await picture.getAttribute("alt")).toBe("Samples of classes after 40 steps");
    await expect.poll(() => page.locator("#plan .layers").count()).toBe(2);
    expect(await page.locator("#plan").textContent()).toContain("presetcgan");
    expect(problems).toEqual([]);
    await close();
  });

  it("shows how steps are carried out: what they cost, what is rewritten, what is not and why", async () => {
    const { page, problems, close } = await open("?run=codes");
    const told = JSON.parse(await readFile(join(folder.path, "runs/codes/plan.json"), "utf8"));
    const plan = page.locator("#plan");
    await plan.locator(".operations").waitFor();
    expect(await plan.locator(".operations tbody td:first-child").count()).toBe(
      told.generator.length + told.discriminator.length,
    );
    const rewritten = [...told.generator, ...told.discriminator].filter(
      ({ rewrites }: { rewrites: string[] }) => rewrites.length > 0,
    );
    expect(rewritten.length).toBeGreaterThan(0);
    expect(await plan.locator(".rewrites").allInnerTexts()).toEqual(
      rewritten.map(({ rewrites }) => rewrites.join("; ")),
    );
    const text = (await plan.textContent()) ?? "";
    expect(text).toMatch(/Arithmetic[\d.]+ [kMG]FLOP/);
    expect(text).toMatch(/Buffersat least [\d.]+ [kM]B/);
    for (const { reason } of told.refusals) expect(text).toContain(reason);
    expect(problems).toEqual([]);
    await close();
  });

  it("lays runs over each other, side by side, and keeps the choice in its address", async () => {
    const { page, problems, close } = await open();
    await page.getByRole("checkbox", { name: "codes" }).check();
    await expect.poll(() => page.locator("article.run").count()).toBe(2);
    await expect
      .poll(() => page.locator(".chart >> nth=0 >> .legend li").allInnerTexts())
      .toEqual([
        expect.stringMatching(/^classes, generator\s+[\d.]+$/),
        expect.stringMatching(/^classes, discriminator\s+[\d.]+$/),
        expect.stringMatching(/^codes, generator\s+[\d.]+$/),
        expect.stringMatching(/^codes, discriminator\s+[\d.]+$/),
      ]);
    await expect.poll(() => page.locator("tr.differs").count()).toBeGreaterThan(1);
    await expect
      .poll(() => page.locator("#plan h3").allInnerTexts())
      .toEqual(
        expect.arrayContaining(["Options", "Steps", "classes as it runs", "codes as it runs"]),
      );
    await page.reload();
    await expect
      .poll(() => page.locator("article.run h3").allInnerTexts())
      .toEqual(["classes", "codes"]);
    await page.getByRole("button", { name: "Show only codes" }).click();
    await expect.poll(() => page.locator("article.run h3").allInnerTexts()).toEqual(["codes"]);
    expect(problems).toEqual([]);
    await close();
  });

  it("scrubs the samples by keyboard, and plays them as a film", async () => {
    const { page, problems, close } = await open("?run=classes");
    const slider = page.getByRole("slider", { name: "Step of the samples" });
    const shown = () => page.locator("img.grid").getAttribute("src");
    await expect.poll(shown).toContain("step=40");
    await slider.focus();
    await page.keyboard.press("Home");
    await expect.poll(shown).toContain("step=0");
    await page.keyboard.press("ArrowRight");
    await expect.poll(shown).toContain("step=10");
    expect(await slider.getAttribute("aria-valuetext")).toBe("step 10");
    await page.getByRole("button", { name: "Play" }).click();
    await expect.poll(shown).toContain("step=40");
    await page.getByRole("button", { name: "Play" }).waitFor();
    // At its end it follows the newest, as whoever drags the slider there does.
    expect(await slider.getAttribute("aria-valuetext")).toBe("step 40, the newest");
    expect(await page.getByRole("button", { name: "To the newest" }).isDisabled()).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  it("walks along a curve with the arrow keys", async () => {
    const { page, close } = await open("?run=classes");
    const plot = page.locator(".plot").first();
    const value = page.locator(".chart >> nth=0 >> .legend .value >> nth=0");
    const stats = await readFile(join(folder.path, "runs/classes/stats.jsonl"), "utf8");
    const losses = stats
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).generatorLoss);
    const text = (loss: number) => String(Number(loss.toPrecision(3)));
    await expect.poll(() => value.textContent()).toBe(text(losses[39]));
    await plot.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => value.textContent()).toBe(text(losses[0]));
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => value.textContent()).toBe(text(losses[1]));
    await close();
  });

  it("explores: the picture follows the seed, the way, the class, the codes, the checkpoint", async () => {
    const { page, problems, close } = await open("?run=classes&run=codes");
    await openExplorer(page);
    const seen = new Set([await explored(page)]);
    const another = () =>
      expect
        .poll(async () => {
          const now = await explored(page);
          return !seen.has(now) && seen.add(now) !== undefined;
        })
        .toBe(true);
    const explorer = page.locator("#explorer");
    await explorer.getByLabel("Seed", { exact: true }).fill("5");
    await another();
    await explorer.getByLabel("Class", { exact: true }).selectOption({ label: "dunnock" });
    await another();
    await explorer.getByRole("img", { name: "Sample of seed 5, dunnock", exact: true }).waitFor();
    const jay = explorer.getByRole("button", { name: "Go to jay", exact: true });
    await jay.getByText("jay", { exact: true }).waitFor();
    await explorer.getByRole("slider", { name: "Between seeds" }).fill("0.5");
    await another();
    await explorer.getByLabel("Checkpoint", { exact: true }).selectOption("20");
    await another();
    await explorer.getByText("Weights of step 20").waitFor();
    // The row starts at seed 5 only when it has come: until then its buttons change under the pointer.
    await explorer.getByRole("button", { name: "Go to seed 16" }).waitFor();
    await explorer.getByRole("button", { name: "Go to seed 7", exact: true }).click();
    await another();
    expect(await explorer.getByLabel("Seed", { exact: true }).inputValue()).toBe("7");
    await explorer.getByLabel("Run", { exact: true }).selectOption("codes");
    await explorer.getByRole("slider", { name: "Code 1" }).waitFor();
    await another();
    await explorer.getByRole("slider", { name: "Code 1" }).fill("2");
    await another();
    // A row for each way of a run, and of its stops.
    const stops = async () => {
      const rows = await explorer.locator(".way").all();
      return Promise.all(rows.map((row) => row.locator(".stop").count()));
    };
    await expect.poll(stops).toEqual([9, 10, 7, 7, 12]);
    await explorer.getByLabel("Run", { exact: true }).selectOption("classes");
    await expect.poll(stops).toEqual([9, 10, 12]);
    expect(problems).toEqual([]);
    await close();
  });

  it("draws what few runs tell of where one does: penalties, rates that change, BEGAN's balance, ada's probability, the mean path length", async () => {
    const health = {
      ...{ convergence: 0.3, balance: 0.02, augmentProbability: 0.125 },
      meanPathLength: 1.5,
    };
    const figures = (step: number) => ({
      ...{ discriminatorPenalty: 0.75, generatorLearningRate: 2 / step },
      ...{ discriminatorLearningRate: 0.5, health },
    });
    const stats = [10, 20].map((step) => line(step, figures(step))).join("");
    await writeRun(join(folder.path, "same", "one"), {
      stats: [10, 20]
        .map((step) => line(step, { ...figures(step), generatorLearningRate: 0.5 }))
        .join(""),
    });
    await writeRun(join(folder.path, "few", "one"), { stats });
    const few = await serve("few");
    const page = await browser.newPage();
    await page.goto(few.url);
    const labels = () =>
      page
        .locator(".chart:not([hidden]) .plot")
        .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    await expect.poll(labels).toContain("Convergence: M 0.3, k 0.02 at step 20");
    expect(await labels()).toContain("Augmentation: probability 0.125 at step 20");
    expect(await labels()).toContain("Path length: mean 1.5 at step 20");
    expect(await labels()).toContain("Penalties: discriminator 0.75 at step 20");
    expect(await labels()).toContain("Learning rates: generator 0.1, discriminator 0.5 at step 20");
    const same = await serve("same");
    await page.goto(same.url);
    await expect.poll(labels).toContain("Path length: mean 1.5 at step 20");
    // Rates that stay say nothing.
    expect((await labels()).filter((label) => label?.startsWith("Learning rates"))).toEqual([]);
    await page.close();
    for (const { child } of [few, same]) child.kill("SIGINT");
  });

  it("can be used by keyboard alone, and says what everything is", async () => {
    const { page, close } = await open("?run=classes");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe(
      "Skip to the runs shown",
    );
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await openExplorer(page);
    const nameless =
      await page.evaluate(`[...document.querySelectorAll("button, input, select, a, canvas[role], [tabindex='0']")]
      .filter((one) => !(one.ariaLabel || one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length))
      .map((one) => one.outerHTML.slice(0, 80))`);
    expect(nameless).toEqual([]);
    await close();
  });

  it("fits a phone, among runs of long names, too", async () => {
    const long = `codes-${"very-".repeat(12)}long-name`;
    const copy = join(folder.path, "runs", long);
    await cp(join(folder.path, "runs/codes"), copy, { recursive: true });
    // The other tests know three runs.
    onTestFinished(() => rm(copy, { recursive: true }));
    const { page, close } = await open(`?run=classes&run=codes&run=${long}`, {
      ...{ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
    });
    await openExplorer(page);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    const box = page.getByRole("checkbox", { name: "codes", exact: true });
    expect(await box.isVisible()).toBe(false);
    await page.locator("#runs summary").click();
    expect(await box.isVisible()).toBe(true);
    await close();
  });

  it("is dark where the system is, and as its button says", async () => {
    const { page, close } = await open("", { colorScheme: "dark" });
    const ground = () =>
      page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    expect(await ground()).toBe("rgb(16, 17, 20)");
    await page.getByRole("button", { name: "Colours: auto" }).click();
    expect(await ground()).toBe("rgb(246, 246, 244)");
    await page.reload();
    expect(await ground()).toBe("rgb(246, 246, 244)");
    await close();
  });

  it("asks nobody but its server, and transfers less than 300 kB", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    let bytes = 0;
    const hosts = new Set<string>();
    await devtools.send("Network.enable");
    devtools.on("Network.requestWillBeSent", ({ request }) =>
      hosts.add(new URL(request.url).origin),
    );
    devtools.on("Network.dataReceived", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    devtools.on("Network.responseReceived", ({ response }) => {
      bytes += response.encodedDataLength;
    });
    await page.goto(server.url);
    await page.locator("img.grid").waitFor();
    await page.locator(".chart canvas").first().waitFor();
    expect([...hosts]).toEqual([new URL(server.url).origin]);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(300_000);
    await context.close();
  });
});

describe("a run that goes on", () => {
  it("appears by itself, moves, and when its folder vanishes the page says so", async () => {
    const { page, problems, close } = await open("?run=live");
    await page.getByText("The folder of live is gone.").waitFor();
    const words = `train --preset mlp --size 8 --steps 1000000 --log-every 20 --sample-every 1000 ${small} --out runs/live`;
    const training = startCli(words.split(" "), folder.path);
    await page.getByRole("checkbox", { name: "live" }).waitFor();
    const label = page.locator(".plot").first();
    const step = async () =>
      Number(
        /at step ([\d,]+)/
          .exec((await label.getAttribute("aria-label")) ?? "")?.[1]
          ?.replaceAll(",", ""),
      );
    await expect.poll(step).toBeGreaterThan(20);
    const before = await step();
    await expect.poll(step).toBeGreaterThan(before);
    training.child.kill("SIGINT");
    await training.ended;
    await expect.poll(() => page.locator("article.run .state").textContent()).toBe("stopped");
    expect(problems).toEqual([]);
    await rename(join(folder.path, "runs/live"), join(folder.path, "moved"));
    await page.getByText("The folder of live is gone.").waitFor();
    // A page that asks at that moment hears 404 for a sample and 409 for a plan, and Chromium notes it.
    const noted = /\/api\/(sample\?\S+: .* 404 \(Not Found\)|plan\?\S+: .* 409 \(Conflict\))$/;
    expect(problems.filter((one) => !noted.test(one))).toEqual([]);
    await close();
  });
});
