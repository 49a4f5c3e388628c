// The files that the benchmark writes.
import { SparringError } from "../dist/errors.js";
import { writeWhole } from "../dist/files.js";
import { forFile } from "../dist/run/out.js";
import { checkOut } from "../dist/run/own-files.js";
import { SetupError, UsageError } from "../scripts/setup/errors.mjs";

/**
 * Asked before anything is measured: after half an hour it would be too late.
 *
 * @param {{ json?: string | undefined, svg?: string | undefined }} options
 */
export async function checkFiles({ json, svg }) {
  const check = async (path, flag) => path !== undefined && checkOut(path, flag);
  await asSentence(UsageError, async () => {
    await check(json, "--json");
    await check(svg, "--svg");
  });
}

/**
 * @param {{ json?: string | undefined, svg?: string | undefined }} options
 * @param {object} result
 */
export async function writeFiles({ json, svg }, result) {
  const write = (path, flag, text) => forFile(flag, () => writeWhole(path, [text]));
  await asSentence(SetupError, async () => {
    if (json) await write(json, "--json", `${JSON.stringify(result, null, 2)}\n`);
    if (!svg) return;
    // Not above: most runs draw nothing, and Vega takes half a second.
    const { drawChart } = await import("./chart.mjs");
    await write(svg, "--svg", await drawChart(result));
  });
}

/** What Sparring itself refuses, as this program tells it. */
async function asSentence(Told, work) {
  try {
    await work();
  } catch (error) {
    throw error instanceof SparringError ? new Told(error.message) : error;
  }
}
