// Properties that hold for whatever a stranger's file may be. `npm test` tries 40 of each from a fixed seed;
// `npm run test:fuzz` for minutes from fresh ones. Inputs that ever failed are kept in test/corpus/ and come first.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import { SparringError } from "../../lib/index.js";

/** How long each property is tried; undefined in the short run. */
const long = process.env.SPARRING_FUZZ_SECONDS;
const seconds = Number(long ?? 0);
const corpus = fileURLToPath(new URL("../corpus", import.meta.url));

/** Tries a property. What fails is shrunk and shown with the seed that brings it back. */
export function holds<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => unknown,
): void {
  const timeout = (seconds + 120) * 1000;
  it(name, { timeout }, () => attempt(name, inputs, check, () => ""));
}

/** The same for what is read from bytes: with the files of test/corpus/`folder` first. */
export function holdsForBytes(
  folder: string,
  inputs: Readonly<Record<string, fc.Arbitrary<Uint8Array>>>,
  check: (bytes: Uint8Array) => unknown,
): void {
  const home = join(corpus, folder);
  const files = existsSync(home) ? readdirSync(home) : [];
  it.each(files)("%s", async (file) => {
    await check(readFileSync(join(home, file)));
  });
  for (const [name, arbitrary] of Object.entries(inputs)) {
    const timeout = (seconds + 120) * 1000;
    const title = `${folder}: ${name}`;
    it(title, { timeout }, () => attempt(title, arbitrary, check, (bytes) => keep(home, bytes)));
  }
}

async function attempt<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => unknown,
  onFailure: (input: T) => string,
): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    await check(input);
  });
  const details = await fc.check(property, {
    ...(long === undefined
      ? // Counted, not timed: a busy machine would try nothing in a moment.
        { seed: 1, numRuns: 40 }
      : {
          numRuns: 2 ** 31,
          interruptAfterTimeLimit: seconds * 1000,
          markInterruptAsFailure: false,
        }),
  });
  const note = details.counterexample === null ? "" : onFailure(details.counterexample[0]);
  if (details.failed)
    throw new Error(`${await fc.asyncDefaultReportMessage(details)}\n${note}`, {
      cause: details.errorInstance,
    });
  expect(details.numRuns).toBeGreaterThan(0);
  if (long !== undefined)
    process.stdout.write(`${name}: ${details.numRuns} inputs, seed ${details.seed}\n`);
}

/** Keeps a failing input of a long run, to be committed with its cure. */
function keep(home: string, bytes: Uint8Array): string {
  if (long === undefined) return `as hex: ${Buffer.from(bytes).toString("hex").slice(0, 10_000)}`;
  mkdirSync(home, { recursive: true });
  const file = join(home, createHash("sha256").update(bytes).digest("hex").slice(0, 12));
  writeFileSync(file, bytes);
  return `kept as ${file}`;
}

/** What `read` makes of an input; undefined if it refuses it as it should: a known error, in one sentence. */
export async function readOrRefuse<T>(
  read: () => T | Promise<T>,
  sentence = /^Expected /,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const ours =
      error instanceof SparringError || error instanceof TypeError || error instanceof RangeError;
    if (!ours) throw error;
    if (
      !sentence.test(error.message) ||
      /\p{Cc}/u.test(error.message) ||
      error.message.length > 3000
    )
      throw new Error(`not a sentence: ${error.message.slice(0, 3000)}`, { cause: error });
    return undefined;
  }
}

/** Fails if more memory for bytes is alive after `work` than `most`. */
export async function allocatingAtMost<T>(most: number, work: () => Promise<T>): Promise<T> {
  const before = process.memoryUsage().arrayBuffers;
  const result = await work();
  const more = process.memoryUsage().arrayBuffers - before;
  if (more > most) throw new Error(`${more} bytes were allocated, more than ${most}`);
  return result;
}

/** Bytes of a sound file with a few of them changed, or its end missing. */
export function damaged(files: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(), fc.nat(255));
  return fc
    .tuple(files, fc.array(change, { maxLength: 4 }), fc.option(fc.nat()))
    .map(([file, changes, end]) => {
      const bytes = Uint8Array.from(file);
      for (const [place, value] of changes)
        if (bytes.length > 0) bytes[place % bytes.length] = value;
      return end === null ? bytes : bytes.subarray(0, end % (bytes.length + 1));
    });
}

/** Anything that JavaScript can pass. */
export const anything = fc.anything({
  ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true },
  ...{
    withNullPrototype: true,
    withTypedArray: true,
    withObjectString: true,
    withBoxedValues: true,
  },
});
