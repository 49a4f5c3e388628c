// The page when its server ends, and when another one takes its place.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../helpers/browser.js";
import { type Started, startCli } from "../helpers/cli.js";
import { config, writeRun } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
let browser: Browser;
const started: Started[] = [];
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  browser = await openBrowser();
  for (const name of ["a", "b"]) await writeRun(at(name), { samples: [0] });
});
afterAll(async () => {
  for (const { child } of started) child.kill("SIGINT");
  await browser?.close();
  await folder.remove();
});

/** A server, on this port or on any; resolves to its address. */
async function serve(port = "0") {
  const one = startCli(["dashboard", ".", "--port", port, "--json"], folder.path);
  started.push(one);
  return { ...one, url: new URL(await one.says(/http:[^"]+(?=")/)) };
}

it("says that it has no connection, goes on with the next server, and asks to be loaded again where that needs it", async () => {
  const { url, child, ended } = await serve();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${url}?run=a`);
  const link = page.locator("#link");
  await expect.poll(() => link.textContent()).toBe("Live");
  expect(await link.getAttribute("title")).toBe("");
  await page.locator("#plan .layers").first().waitFor();
  child.kill("SIGINT");
  await ended;
  await expect.poll(() => link.textContent()).toBe("No connection");
  expect(await link.getAttribute("title")).toBe(
    "The dashboard has ended; what is shown is what it told last.",
  );
  // What it was told stays; what it was not told it says that it cannot know.
  expect(await page.locator("article.run h3").allInnerTexts()).toEqual(["a"]);
  await page.getByRole("button", { name: "Show only b" }).click();
  await expect
    .poll(() => page.locator("#plan .note").allInnerTexts())
    .toEqual(["The dashboard does not answer."]);
  await serve(url.port);
  await expect.poll(() => link.textContent()).toBe("Live");
  await expect.poll(() => page.locator("#plan .note").count()).toBe(0);
  await page.locator("#plan .layers").first().waitFor();
  const caption = page.locator("#explorer figcaption");
  await expect
    .poll(async () => {
      await page.locator("#explorer").evaluate((element) => element.scrollIntoView());
      return caption.textContent();
    })
    .toBe("Expected the token of this server but received another one: load the page again");
  await page.close();
});

it("reads a plan again once the config that made no sense is mended", async () => {
  const { url } = await serve();
  await writeRun(at("odd"), { config: { ...config, preset: "stylegan" } });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${url}?run=odd`);
  await expect
    .poll(() => page.locator("#plan .note").allInnerTexts())
    .toEqual([expect.stringContaining('for preset but received "stylegan"')]);
  await writeFile(at("odd/config.json"), JSON.stringify(config));
  await page.locator("#plan .layers").first().waitFor();
  expect(await page.locator("#plan .note").count()).toBe(0);
  await page.close();
});
