// The number of threads, as a stranger sets it.
import { availableParallelism } from "node:os";
import { bad, refuses } from "../helpers/misuse.js";
import { expect } from "vitest";
import { setThreads, threads } from "../../lib/index.js";

const processors = availableParallelism();
const count = await threads();
refuses(
  "threads",
  [
    [
      "none",
      () => setThreads(0),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received 0`,
    ],
    [
      "nothing",
      () => setThreads(bad(undefined)),
      "TypeError",
      `Expected a whole number from 1 to ${processors} for threads but received undefined`,
    ],
    [
      "half a thread",
      () => setThreads(0.5),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received 0.5`,
    ],
    [
      "threads as text",
      () => setThreads(bad("2")),
      "TypeError",
      `Expected a whole number from 1 to ${processors} for threads but received "2"`,
    ],
    [
      "threads of NaN",
      () => setThreads(NaN),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received NaN`,
    ],
    [
      "threads as a BigInt",
      () => setThreads(bad(2n)),
      "TypeError",
      `Expected a whole number from 1 to ${processors} for threads but received 2n`,
    ],
    [
      "threads without end",
      () => setThreads(Infinity),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received Infinity`,
    ],
    [
      "more than any machine has",
      () => setThreads(1025),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received 1025`,
    ],
  ],
  async () => expect(await threads()).toBe(count),
);
