// Small MNIST-like data: IDX files made on the spot.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const imagesFile = "train-images-idx3-ubyte";
export const labelsFile = "train-labels-idx1-ubyte";

/** An IDX file of unsigned bytes that hold a made-up pattern, below `limit`. */
export function idx(shape: readonly number[], limit = 256): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((side, axis) => {
    header.writeUInt32BE(side, 4 + 4 * axis);
  });
  const size = shape.reduce((total, side) => total * side, 1);
  return Buffer.concat([
    header,
    Buffer.from(Uint8Array.from({ length: size }, (_, i) => ((i * i) >> 3) % limit)),
  ]);
}

/** A folder with as many images of 8×8, and their labels of 10 classes. */
export async function writeIdxFolder(folder: string, count: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, imagesFile), idx([count, 8, 8]));
  await writeFile(join(folder, labelsFile), idx([count], 10));
  return folder;
}

/** The files of the test set beside them. */
export async function writeIdxTestFiles(folder: string, count: number): Promise<void> {
  await writeFile(join(folder, imagesFile.replace("train", "t10k")), idx([count, 8, 8], 200));
  await writeFile(join(folder, labelsFile.replace("train", "t10k")), idx([count], 10));
}
