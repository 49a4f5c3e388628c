// The classes of images that somebody holds.
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import { isLabelArray, type LabelArray, labelArrays } from "../label-array.js";

/** A class for each image: in 16 bits where there are more than 256. */
export type ClassLabels = Uint8Array | Uint16Array;

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
  return labels === undefined ? undefined : checkCount(copyOfLabels(labels), count);
}

/** @internal Labels of which there is one for each of `count` images. */
export function checkCount(labels: Uint8Array, count: number): Uint8Array {
  if (labels.length === count) return labels;
  throw outOfRange(`${count} labels, one for each image,`, "labels", `${labels.length} labels`);
}

function checkArray(labels: unknown, what: string): LabelArray {
  if (!isLabelArray(labels)) throw wrongType(`${what}${labelArrays} of classes`, "labels", labels);
  if (ArrayBuffer.isView(labels)) check.ownMemory(labels, "labels");
  return labels;
}
