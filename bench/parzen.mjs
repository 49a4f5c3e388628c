// What the 2014 protocol costs, in time and memory: 10,000 samples against 1,000 images for sigma,
// then against 10,000.
import { fileURLToPath } from "node:url";
import { Images, metrics, setThreads } from "sparring";
import { answerOf } from "./process.mjs";
import { digits } from "./text.mjs";

const script = fileURLToPath(import.meta.url);
const pixels = 784;

/** Measures in a process of its own, as the peak of memory is one of a process. */
function run(_arena, { quick, threads }) {
  const count = quick ? "2000" : "10000";
  return answerOf("parzen", [process.execPath, script, count, String(threads)]);
}

/** Numbers of [0, 1] that are no digits: the work is the same. */
function images(count, seed) {
  const data = new Float32Array(count * pixels);
  for (let i = 0; i < data.length; ++i) data[i] = (Math.sin(i * 0.7 + seed) + 1) / 2;
  return new Images(data, [count, 1, 28, 28]);
}

async function measure(count, threads) {
  await setThreads(threads); // loads libtorch
  const [samples, test, validation] = [images(count, 1), images(count, 2), images(count / 10, 3)];
  const before = process.resourceUsage().maxRSS;
  const usage = process.cpuUsage();
  const begin = performance.now();
  await metrics.parzen(samples, { test, validation, range: [0, 1] });
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(usage);
  const peak = process.resourceUsage().maxRSS;
  return { count, threads, seconds, coreSeconds: (user + system) / 1e6, mb: (peak - before) / 1e3 };
}

function describe({ count, threads, seconds, coreSeconds, mb }) {
  return (
    `Parzen window of ${count} samples on ${count} images of 28×28: ${digits(seconds)} s on ${threads} threads ` +
    `(${digits(coreSeconds)} s of cores), ${digits(mb)} MB beside the images`
  );
}

/** @type {import("./questions.mjs").Question} */
export const parzen = { name: "parzen", run, describe };

if (process.argv[1] === script)
  console.log(JSON.stringify(await measure(Number(process.argv[2]), Number(process.argv[3]))));
