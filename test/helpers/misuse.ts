// Runs tables of bad calls: each is refused with its whole sentence before any work starts, writes nothing, and
// leaves what it was called on as usable as before. Import it before anything of lib/: it watches the addon.
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ErrorCode } from "../../lib/errors.js";
import type { Generator } from "../../lib/index.js";
import { makeFolder } from "./folder.js";

const native = vi.hoisted(() => ({ calls: 0 }));

vi.mock("../../lib/addon.js", async (original) => {
  const addon = await original<typeof import("../../lib/addon.js")>();
  const counted =
    <T>(cross: (work: () => T) => T) =>
    (work: () => T): T => {
      ++native.calls;
      return cross(work);
    };
  return { ...addon, crossing: counted(addon.crossing), direct: counted(addon.direct) };
});

/** The class of a misuse, or the code of a SparringError. */
export type Kind = "TypeError" | "RangeError" | ErrorCode;

/** What a stranger does, the call, what it ends in, and the whole sentence. */
export type Row = readonly [title: string, call: () => unknown, kind: Kind, sentence: string];

/** Known only when native code, or the operating system, is asked. */
const asked: readonly Kind[] = ["ERR_DISPOSED", "ERR_OUTPUT"];

/**
 * Tests every row.
 *
 * @param object what the calls are made on
 * @param usable looks at it after each: has to throw if it is not what it was
 */
export function refuses(
  object: string,
  rows: readonly Row[],
  usable: () => Promise<unknown> = async () => undefined,
): void {
  describe(`${object}: every bad call`, () => {
    let folder: Awaited<ReturnType<typeof makeFolder>>;
    const before = process.cwd();
    beforeAll(async () => {
      folder = await makeFolder();
      process.chdir(folder.path);
    });
    afterAll(async () => {
      process.chdir(before);
      await folder.remove();
    });

    it.each(rows)("%s", async (_, call, kind, sentence) => {
      const calls = native.calls;
      expect(await refusal(call)).toEqual([kind, sentence]);
      if (!asked.includes(kind)) expect(native.calls).toBe(calls);
      expect(await readdir(".", { recursive: true })).toEqual([]);
      await usable();
    });

    it("is another one", () => {
      expect(new Set(rows.map(([title]) => title)).size).toBe(rows.length);
    });
  });
}

/** Class or code, and sentence, of what a call throws or rejects with. */
async function refusal(call: () => unknown): Promise<[string, string] | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const { code, name, message } = error as Error & { code?: string };
    return [code ?? name, message];
  }
}

/** Looks at a generator for refuses(): it has to draw what it draws now. */
export function drawsAsBefore(generator: Generator): () => Promise<void> {
  const samples = async () => [...(await generator.sample(2, { seed: 1 })).data];
  const before = samples();
  return async () => expect(await samples()).toEqual(await before);
}

/** What no type lets through. */
export const bad = (value: unknown): never => value as never;

/** An object without a prototype, as JSON from some parsers. */
export const bare = (fields: object): never => bad(Object.assign(Object.create(null), fields));

/** An array whose memory was given away. */
export function detached<T extends ArrayBufferView>(array: T): T {
  structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** Images, or features, whose numbers were given away. */
export function emptied<T extends { readonly data: ArrayBufferView }>(object: T): T {
  detached(object.data);
  return object;
}

/** A sparse array: nothing at `index`, not even undefined. */
export function holed(array: unknown[], index: number): never {
  delete array[index];
  return bad(array);
}
