// A .npy file of [count, features]: rows of numbers, which are kept as they are.
import type { FileHandle } from "node:fs/promises";
import { wrongType } from "../errors.js";
import { type Refuse, refusal } from "../reason.js";
import { type NpyHeader, npyBuffer, npySlice, readNpyHeader } from "./npy-file.js";
import { readInto, readingFile } from "./reading.js";
import { toFinite } from "./rounding.js";
import { reserveFloats } from "./values.js";

/** A row for each sample. */
export interface Table {
  readonly values: Float32Array;
  /** [count, features] */
  readonly shape: readonly [number, number];
}

export function isTable({ dtype, shape }: NpyHeader): boolean {
  return shape.length === 2 && (dtype === "float32" || dtype === "float64");
}

/** @param holds what the file is to hold, as far as that is known */
export const refuseNpy = (holds: string, path: string): Refuse =>
  refusal("ERR_DATA", `a .npy file of ${holds}`, path);

/** Whether a file says that it holds a table. Throws ERR_DATA for what is no .npy file. */
export function holdsTable(path: string): Promise<boolean> {
  const refuse = refuseNpy("images", path);
  return readingFile(path, refuse, async (file, size) =>
    isTable(await readNpyHeader(file, size, refuse)),
  );
}

/** Throws TypeError for options that are about images. */
export function checkTableOptions(options: object, { shape }: NpyHeader): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const what = `no ${name} (values of [${shape.join(", ")}] are kept as they are)`;
    throw wrongType(what, name, value);
  }
}

/** The values as float32, a slice at a time: as float64 all of them would take twice as much. */
export async function readTable(
  file: FileHandle,
  { dtype, shape, offset }: NpyHeader,
  refuse: Refuse,
): Promise<Table> {
  const [count, features] = shape as [number, number];
  const table = reserveFloats(shape);
  for (let start = 0; start < table.length; start += npySlice) {
    const part = table.subarray(start, start + npySlice);
    const buffer = npyBuffer(dtype, part.length);
    const values = buffer.values as Float32Array | Float64Array;
    await readInto(file, buffer.bytes, offset + start * values.BYTES_PER_ELEMENT, refuse);
    const wrong = await toFinite(values, part);
    if (wrong >= 0)
      throw refuse(`its value ${start + wrong} is ${values[wrong]}, no finite float32`);
  }
  return { values: table, shape: [count, features] };
}
