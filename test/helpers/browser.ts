// A browser without a window, as a reader's.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts Chromium. Throws, and says what to do, where there is none: what is not tested is not known to work. */
export async function openBrowser(): Promise<Browser> {
  const asked = process.env.SPARRING_CHROMIUM;
  const executablePath = asked ?? usual.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error(
      `Expected Chromium for the tests of the dashboard's page but received none in ${usual.join(", ")}; install it with \`apt-get install chromium\`, or name one in SPARRING_CHROMIUM`,
    );
  // Its sandbox needs rights that a container does not give; the page is our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
