import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import { datasets } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { allocatingAtMost, damaged, holds, holdsForBytes, readOrRefuse } from "../helpers/fuzz.js";
import { levelsOf } from "../helpers/levels.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const path = join(folder.path, "batch.bin");

const size = 3073;
const recordsOf = (label: fc.Arbitrary<number>) =>
  fc
    .array(fc.tuple(label, fc.nat(255)), { minLength: 1, maxLength: 3 })
    .map((records) =>
      records.map(([label, seed]) => [
        label,
        ...Array.from({ length: size - 1 }, (_, i) => (seed * (i + 1)) % 256),
      ]),
    )
    .map((records) => Uint8Array.from(records.flat()));
const sound = recordsOf(fc.nat(9));

/** Either the labels and pixels of the file, byte for byte, or a sentence; and no more memory than a few times the file. */
async function reads(bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  const dataset = await allocatingAtMost(4 * bytes.length + 2 ** 20, () =>
    readOrRefuse(
      () => datasets.cifar10(path),
      /^Expected a file of CIFAR-10's binary version for path but received ".*": (it has|the label)/,
    ),
  );
  if (dataset === undefined) return;
  using one = dataset;
  const levels = await levelsOf(one);
  const parts = Array.from({ length: one.size }, (_, i) => [
    ...[one.labels?.[i] as number],
    ...levels.subarray(i * (size - 1), (i + 1) * (size - 1)),
  ]);
  expect(Uint8Array.from(parts.flat())).toEqual(Uint8Array.from(bytes));
  expect(Math.max(...(one.labels ?? []))).toBeLessThan(10);
}

describe("a file of CIFAR-10 of a stranger", () => {
  holdsForBytes(
    "cifar10",
    {
      "any bytes": fc.uint8Array({ maxLength: 100 }),
      "any labels": recordsOf(fc.nat(11)),
      "sound files": sound,
      "damaged files": damaged(sound),
    },
    reads,
  );

  holds(
    "has beside it the names of ten classes, or a sentence about them",
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(fc.string({ unit: "binary-ascii" }), { maxLength: 12 }).map((all) => all.join("\n")),
    ),
    async (text) => {
      writeFileSync(path, new Uint8Array(size));
      writeFileSync(join(folder.path, "batches.meta.txt"), text);
      const dataset = await readOrRefuse(() => datasets.cifar10(path), /^Expected the names of /);
      dataset?.dispose();
      if (dataset !== undefined) expect(dataset.classNames).toHaveLength(10);
    },
  );
});
