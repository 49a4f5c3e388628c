// The page of runs that are not well: what it says of them, and that it goes on.
import { appendFile, cp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../helpers/browser.js";
import { runCli } from "../helpers/cli.js";
import { config, line, type Serving, startDashboard, writeRun } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

/** The page has it; these tests are compiled without a DOM. */
declare const MutationObserver: new (
  heard: () => void,
) => { observe(node: unknown, options: object): void };

let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
let server: Serving;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  await writeIdxFolder(at("data"), 32);
  const words = `train --preset r3gan --data data --size 8 --batch 8 --threads 1 --steps 2 --no-tensorboard --out runs/averaged`;
  expect(await runCli(words.split(" "), folder.path)).toMatchObject({ code: 0 });
  await writeRun(at("runs/going"), { stats: line(10) + line(20), samples: [0, 50, 100] });
  const saturated = { warnings: ["saturated"] };
  await writeRun(at("runs/ill"), { stats: `${line(10, saturated)}{\n${line(20, saturated)}` });
  const ending = { state: "failed", step: 20, reason: "Expected finite losses" };
  await writeFile(at("runs/ill/summary.json"), JSON.stringify(ending));
  await writeFile(at("runs/ill/plan.json"), "{");
  server = await startDashboard("runs", folder.path);
});
afterAll(async () => {
  server?.child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

async function open(run: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.url}?run=${run}`);
  await page.locator("#link[data-state=live]").waitFor();
  return page;
}

it("says why a run failed, what its curves warn of, and which files cannot be read", async () => {
  const page = await open("ill");
  await expect
    .poll(() => page.locator("#curves .notes li").allInnerTexts())
    .toEqual([
      "Saturated: the discriminator tells all, and the generator has next to nothing to go by, 2 ticks from step 10 to 20.",
      "Left out 1 line of stats.jsonl that is no tick.",
    ]);
  expect(await page.locator("article.run .notes li").allInnerTexts()).toEqual([
    "Expected finite losses",
  ]);
  expect(await page.locator("#runs li.on").getAttribute("title")).toBe("Expected finite losses");
  await expect
    .poll(() => page.locator("#plan .note").allInnerTexts())
    .toEqual(["Its plan.json cannot be read: it is not JSON."]);
  expect(await page.locator("#plan h3").allInnerTexts()).toContain("How it ended");
  const time = page.locator("article.run dd").nth(1);
  expect(await time.textContent()).toBe("0:02");
  await page.close();
});

it("says why a run cannot be read and what to do, and reads it once that is done", async () => {
  const slow = { imagesPerSecond: 0.34 };
  await writeRun(at("runs/cut"), { stats: line(10, slow), config: '{ "preset": "mlp' });
  const page = await open("cut");
  const notes = page.locator("article.run .notes li");
  await expect
    .poll(() => notes.allInnerTexts())
    .toEqual([
      "Its config.json cannot be read: it is not JSON.",
      "Without it there is no plan, and nothing to explore. Put it back, from a copy or from a run with the same options: the page looks again by itself.",
    ]);
  const step = page.locator("article.run dd").first();
  expect(await step.textContent()).toBe("10");
  expect(await page.locator("article.run dd").nth(2).textContent()).toBe("0.34");
  expect(await page.locator("#runs li.on .faint").textContent()).toBe("10 steps");
  await writeFile(at("runs/cut/config.json"), JSON.stringify(config));
  await expect.poll(() => notes.count()).toBe(0);
  expect(await step.textContent()).toBe("10 of 100");
  await page.locator("#plan .layers").first().waitFor();
  await page.close();
});

it("says how long a run will take that goes on, and walks by time too", async () => {
  // Two minutes after its last news nobody could say whether it goes on.
  await utimes(at("runs/going/stats.jsonl"), new Date(), new Date());
  const page = await open("going");
  const time = page.locator("article.run dd").nth(1);
  await expect.poll(() => time.textContent()).toBe("0:02, 0:08 left");
  expect(await page.locator("#plan h3").allInnerTexts()).not.toContain("How it ended");
  const losses = page.locator(".plot").first();
  await expect
    .poll(() => losses.getAttribute("aria-label"))
    .toMatch(/generator −20, .* at step 20$/);
  await expect.poll(() => page.locator("article.run").textContent()).toMatch(/Generator loss−20/);
  await page.getByRole("button", { name: "By step" }).click();
  await expect.poll(() => losses.getAttribute("aria-label")).toMatch(/ at 0:02$/);
  await page.getByRole("button", { name: "By time" }).click();
  await expect.poll(() => losses.getAttribute("aria-label")).toMatch(/ at step 20$/);
  await page.close();
});

it("draws the curves again where the system turns dark", async () => {
  const page = await open("going");
  const canvas = page.locator(".chart >> nth=0 >> canvas");
  const drawn = () =>
    canvas.evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());
  await expect.poll(drawn).toMatch(/^.{2000}/);
  const before = await drawn();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(drawn).not.toBe(before);
  await page.close();
});

it("says which pictures are none, in the order of their steps, and goes on where one vanishes", async () => {
  const page = await open("going");
  const caption = page.locator("article.run figcaption");
  const broken = (step: number) => `Step ${step}: its picture cannot be read.`;
  await expect.poll(() => caption.textContent()).toBe(broken(100));
  expect(await page.locator("img.grid").isVisible()).toBe(false);
  // It says so still when there is other news of the run.
  await appendFile(at("runs/going/stats.jsonl"), line(30));
  await expect.poll(() => page.locator("article.run dd").first().textContent()).toBe("30 of 100");
  expect(await caption.textContent()).toBe(broken(100));
  const slider = page.getByRole("slider", { name: "Step of the samples" });
  await slider.focus();
  await page.keyboard.press("Home");
  await expect.poll(() => caption.textContent()).toBe(broken(0));
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => caption.textContent()).toBe(broken(50));
  await rm(at("runs/going/samples/50.png"));
  await expect.poll(() => caption.textContent()).toBe(broken(0));
  // A film that is over begins again.
  await page.getByRole("button", { name: "To the newest" }).click();
  await expect.poll(() => caption.textContent()).toBe(broken(100));
  // Each picture of a film is there for a moment only: the page notes what was.
  const shown = await slider.evaluateHandle((element) => {
    const texts: (string | null)[] = [];
    const note = () => texts.push(element.getAttribute("aria-valuetext"));
    new MutationObserver(note).observe(element, { attributeFilter: ["aria-valuetext"] });
    return texts;
  });
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => shown.jsonValue()).toContain("step 0");
  await expect.poll(() => caption.textContent()).toBe(broken(100));
  await rm(at("runs/going/samples/100.png"));
  await expect.poll(() => page.locator(".timeline").isVisible()).toBe(false);
  await page.close();
});

it("explores both kinds of weights, keeps its place, and says why it cannot where it cannot", async () => {
  const page = await open("averaged");
  const explorer = page.locator("#explorer");
  const caption = explorer.locator("figcaption");
  await expect
    .poll(async () => {
      await explorer.evaluate((element) => element.scrollIntoView());
      return caption.textContent();
    })
    .toMatch(/^Averaged weights of step 2, /);
  await explorer.getByLabel("Weights", { exact: true }).selectOption("of the step");
  await expect.poll(() => caption.textContent()).toMatch(/^Weights of step 2, /);
  const seed = explorer.getByLabel("Seed", { exact: true });
  await seed.fill("5");
  await explorer.getByRole("img", { name: "Sample of seed 5", exact: true }).waitFor();
  const way = explorer.getByRole("slider", { name: "Between seeds" });
  await way.fill("0.5");
  await expect.poll(() => way.getAttribute("aria-valuetext")).toBe("50 %");
  await explorer.getByRole("img", { name: /^Sample of seed 5, 50 % on the way/ }).waitFor();
  // What is no seed asks for nothing; another seed begins its way.
  await seed.fill("-3");
  await seed.fill("6");
  await explorer.getByRole("img", { name: "Sample of seed 6", exact: true }).waitFor();
  await seed.focus();
  await cp(at("runs/averaged/checkpoints/000002"), at("runs/averaged/checkpoints/000003"), {
    recursive: true,
  });
  await explorer.getByLabel("Checkpoint", { exact: true }).getByText("step 3").waitFor({
    state: "attached",
  });
  expect(await seed.inputValue()).toBe("6");
  // Who types or drags at that moment goes on.
  expect(await page.evaluate("document.activeElement.value")).toBe("6");
  for (const part of ["checkpoints", "weights"])
    await rename(at("runs/averaged", part), at(`${part} of averaged`));
  await seed.fill("7");
  await expect.poll(() => caption.getAttribute("class")).toBe("problem");
  await expect
    .poll(() => caption.textContent())
    .toMatch(/there is no weights\/generator\.safetensors\)$/);
  for (const part of ["checkpoints", "weights"])
    await rename(at(`${part} of averaged`), at("runs/averaged", part));
  await seed.fill("8");
  await expect.poll(() => caption.textContent()).toMatch(/^Weights of step 2, /);
  expect(await caption.getAttribute("class")).toBe("");
  await page.close();
  const other = await open("going");
  await other.locator("#explorer").evaluate((element) => element.scrollIntoView());
  await other.locator("#explorer").getByLabel("Seed", { exact: true }).waitFor();
  expect(await other.locator("#explorer").getByLabel("Weights", { exact: true }).count()).toBe(0);
  await other.close();
});
