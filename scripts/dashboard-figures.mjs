#!/usr/bin/env node
// The figures of docs/dashboard.md: first paint and bytes, a run of 100,000 ticks, and what the
// server costs a training. Needs Chromium (SPARRING_CHROMIUM names another than /usr/bin/chromium).
import { fork, spawn } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sparring-dashboard-"));
const children = [];
/** How many make a second in /proc/<pid>/stat, on Linux. */
const clockTicks = 100;

/** Processor seconds of a process so far. */
function processorSeconds({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / clockTicks;
}

/** @returns {Promise<{ child: import("node:child_process").ChildProcess, url: string }>} */
function serve(path) {
  const child = fork(program, ["dashboard", path, "--port", "0"]);
  children.push(child);
  return new Promise((resolve) => child.once("message", ({ url }) => resolve({ child, url })));
}

function train(...options) {
  const parameters = [program, "train", "--preset", "mlp", "--seed", "1", ...options];
  const child = spawn(process.execPath, parameters, { cwd: folder, stdio: "ignore" });
  children.push(child);
  return { child, ended: new Promise((resolve) => child.on("close", resolve)) };
}

/** Opens the page; milliseconds to its first paint and to its curves, and what was transferred. */
async function look(browser, url) {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  let bytes = 0;
  await devtools.send("Network.enable");
  for (const event of ["Network.dataReceived", "Network.responseReceived"])
    devtools.on(event, ({ encodedDataLength, response }) => {
      bytes += encodedDataLength ?? response.encodedDataLength;
    });
  const began = performance.now();
  await page.goto(url);
  await page.locator(".chart canvas").first().waitFor();
  await page.locator(".plot[aria-label*='at step']").first().waitFor();
  const curves = performance.now() - began;
  const paint = await page.evaluate(
    "performance.getEntriesByName('first-contentful-paint')[0].startTime",
  );
  return { page, paint, curves, bytes };
}

const line = (step) =>
  `${JSON.stringify({ step, discriminatorLoss: 1 + Math.sin(step / 9000), generatorLoss: Math.random(), imagesPerSecond: 1000, seconds: step / 10, health: { realAccuracy: 0.8, fakeAccuracy: 0.7, generatorGradientNorm: 1, discriminatorGradientNorm: 2, diversity: 0.9 }, warnings: [] })}\n`;

try {
  const browser = await chromium.launch({
    executablePath: process.env.SPARRING_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  await train("--steps", "400", "--log-every", "2", "--out", "first").ended;
  const first = await serve(join(folder, "first"));
  for (let i = 0; i < 3; ++i) {
    const { page, paint, curves, bytes } = await look(browser, first.url);
    console.log(
      `first paint ${paint.toFixed(0)} ms, curves after ${curves.toFixed(0)} ms, ${(bytes / 1000).toFixed(0)} kB`,
    );
    await page.close();
  }

  const long = join(folder, "long");
  mkdirSync(join(long, "samples"), { recursive: true });
  writeFileSync(join(long, "config.json"), readFileSync(join(folder, "first/config.json")));
  const text = Array.from({ length: 100_000 }, (_, i) => line(i + 1)).join("");
  writeFileSync(join(long, "stats.jsonl"), text);
  const { child, url } = await serve(long);
  const { page, curves, bytes } = await look(browser, url);
  console.log(
    `100,000 ticks (${(text.length / 1e6).toFixed(0)} MB): curves after ${curves.toFixed(0)} ms, ${(bytes / 1000).toFixed(0)} kB`,
  );
  const [before, began] = [processorSeconds(child), performance.now()];
  for (let step = 100_001; step <= 100_300; ++step) {
    appendFileSync(join(long, "stats.jsonl"), line(step));
    await sleep(100);
  }
  const share = (processorSeconds(child) - before) / ((performance.now() - began) / 1000);
  console.log(`  following it at ten ticks a second: ${(100 * share).toFixed(2)} % of a core`);
  await page.close();

  const run = train(
    "--steps",
    "1000000",
    "--log-every",
    "10",
    "--checkpoint-every",
    "100000",
    "--out",
    "live",
  );
  await sleep(5000);
  const live = await serve(join(folder, "live"));
  const watched = await look(browser, live.url);
  await sleep(3000);
  const start = [processorSeconds(live.child), processorSeconds(run.child), performance.now()];
  await sleep(60_000);
  const seconds = (performance.now() - start[2]) / 1000;
  const served = processorSeconds(live.child) - start[0];
  const trained = processorSeconds(run.child) - start[1];
  console.log(
    `beside a training, watched for ${seconds.toFixed(0)} s: server ${served.toFixed(2)} s of processor time, training ${trained.toFixed(2)} s: ${((100 * served) / trained).toFixed(2)} %`,
  );
  await watched.page.close();
  await browser.close();
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
