// Checkpoints of a stranger who knows their checksums: loaded, or refused with a sentence; never a crash.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe } from "vitest";
import { checksumOf, sha256 } from "../../lib/checkpoint/format.js";
import { Trainer } from "../../lib/index.js";
import { holds, readOrRefuse } from "../helpers/fuzz.js";
import { labelledImages, losses } from "../helpers/training.js";

const good = fileURLToPath(new URL("../reference/checkpoint-1", import.meta.url));
const keys = [
  ...["step", "threads", "device", "generator", "discriminator", "trainer", "counts"],
  ...["parameterUpdates", "data", "files", "version", "run"],
] as const;

/** The good checkpoint with a change, used as far as it goes. */
async function use(change: (folder: string, manifest: Record<string, unknown>) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "sparring-fuzz-"));
  try {
    await cp(good, folder, { recursive: true });
    const file = join(folder, "checkpoint.json");
    const { checksum, ...manifest } = JSON.parse(await readFile(file, "utf8"));
    await change(folder, manifest);
    await writeFile(file, JSON.stringify({ ...manifest, checksum: checksumOf(manifest) }));
    const trainer = await readOrRefuse(() => Trainer.load(folder));
    // What was taken has to be of use: a step, whatever it is worth.
    if (trainer !== undefined)
      await readOrRefuse(async () => losses(trainer, await labelledImages(32), 1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("a checkpoint of a stranger", () => {
  holds(
    "checkpoint: any value in the place of one of its own",
    fc.tuple(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 2 })),
    ([key, value]) =>
      use(async (_, manifest) => {
        manifest[key] = value;
      }),
  );

  holds(
    "checkpoint: any count",
    fc.tuple(fc.nat(), fc.oneof(fc.maxSafeNat(), fc.integer(), fc.double(), fc.constant(null))),
    ([which, value]) =>
      use(async (_, manifest) => {
        const counts = manifest.counts as Record<string, unknown>;
        const names = Object.keys(counts);
        counts[names[which % names.length] as string] = value;
      }),
  );

  holds(
    "checkpoint: any byte of its tensors",
    fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })),
    ([where, by]) =>
      use(async (folder, manifest) => {
        const file = join(folder, "training.safetensors");
        const bytes = await readFile(file);
        // Behind the header, whose own damage is the business of the safetensors properties.
        const start = 8 + Number(bytes.readBigUInt64LE());
        const at = start + (where % (bytes.length - start));
        bytes[at] = (bytes[at] as number) ^ by;
        await writeFile(file, bytes);
        const files = manifest.files as Record<string, { sha256: string }>;
        (files["training.safetensors"] as { sha256: string }).sha256 = await sha256(bytes);
      }),
  );
});
