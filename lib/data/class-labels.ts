// The classes of images that somebody holds.
import { types } from "node:util";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";

/** A class for each image: in 16 bits where there are more than 256. */
export type ClassLabels = Uint8Array | Uint16Array;

/** Classes, 0 to 255, as they are given: numbers, or another dataset's `labels`. */
export type GivenLabels = ClassLabels | readonly number[];

const most = 255;

/**
 * @internal A copy of labels, as their caller may change them. Not slice(): that of a Buffer is a
 * view of the same memory.
 *
 * @param what what else might have been given, `a .npy file, or `
 */
export function copyOfLabels(labels: unknown, what = ""): Uint8Array {
  const given = checkArray(labels, what);
  const wrong = given.findIndex((one) => !(Number.isInteger(one) && one >= 0 && one <= most));
  if (wrong >= 0) throw outOfRange(`a class from 0 to ${most}`, `labels[${wrong}]`, given[wrong]);
  return Uint8Array.from(given);
}

/** @internal A copy of the labels, one for each of `count` images, or none at all. */
export function checkImageLabels(labels: unknown, count: number): Uint8Array | undefined {
  if (labels === undefined) return undefined;
  const given = copyOfLabels(labels);
  if (given.length === count) return given;
  throw outOfRange(`${count} labels, one for each image,`, "labels", `${given.length} labels`);
}

function checkArray(labels: unknown, what: string): GivenLabels {
  if (Array.isArray(labels)) return labels as readonly number[];
  if (!types.isUint8Array(labels) && !types.isUint16Array(labels))
    throw wrongType(`${what}an array, Uint8Array or Uint16Array of classes`, "labels", labels);
  check.ownMemory(labels, "labels");
  return labels;
}
