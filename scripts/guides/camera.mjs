// Pictures of pages that a guide serves. Its text asks for one after the command that serves:
//   <!-- picture FILE WIDTHxHEIGHT [#SECTION] -->
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Takes the pictures that a piece of a page asks for, into a project. */
export async function takePhotos(text, address, folder) {
  const wanted = [...text.matchAll(/<!-- picture (\S+) (\d+)x(\d+)(?: (#\S+))? -->/g)];
  if (wanted.length === 0) return;
  const executablePath = process.env.SPARRING_CHROMIUM ?? places.find((path) => existsSync(path));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    for (const [, file, width, height, section] of wanted) {
      const viewport = { width: Number(width), height: Number(height) };
      const page = await browser.newPage({ viewport });
      await page.goto(address);
      if (section) await page.locator(section).evaluate((element) => element.scrollIntoView());
      // Curves, pictures and samples arrive one after the other; nobody says when all are there.
      await page.waitForTimeout(8000);
      await page.screenshot({ path: join(folder, file) });
      await page.close();
    }
  } finally {
    await browser.close();
  }
}
