// What a checkpoint is on the disk: a folder of safetensors files and one JSON file that knows the
// rest, the checksum of every file and its own.
import { createHash } from "node:crypto";
import type { DiscriminatorArchitecture, GeneratorArchitecture } from "../architecture.js";
import { inParts } from "../bytes.js";
import type { NativeSnapshot, TensorData } from "../native.js";
import type { StoredTensor } from "../safetensors.js";
import type { TrainerOptions } from "../trainer/options.js";

/** The newest version of the format; older ones are read. */
export const formatVersion = 1;
export const manifestFile = "checkpoint.json";
export const generatorFile = "generator.safetensors";
export const discriminatorFile = "discriminator.safetensors";
export const averageFile = "ema.safetensors";
/** Inside a checkpoint that is being replaced: files of the new one that are to be read first. */
export const nextFolder = ".next";

/**
 * The files of tensors, each with the beginning of the names that go there. PyTorch reads the
 * networks' as they are.
 */
export const parts = [
  { file: generatorFile, prefix: "generator." },
  { file: discriminatorFile, prefix: "discriminator." },
  { file: averageFile, prefix: "ema." },
  { file: "training.safetensors", prefix: "" },
] as const;

/** A file of the folder as it has to be. */
export interface FileFacts {
  readonly bytes: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

/** checkpoint.json, without its own checksum. */
export interface Manifest {
  readonly format: "sparring checkpoint";
  readonly version: number;
  readonly versions: { readonly sparring: string; readonly libtorch: string };
  /** Steps done. */
  readonly step: number;
  readonly device: string;
  /** CPU threads that it was trained with: other numbers of threads round differently. */
  readonly threads: number;
  readonly generator: GeneratorArchitecture;
  readonly discriminator: DiscriminatorArchitecture;
  readonly trainer: Omit<TrainerOptions, "generator" | "discriminator">;
  readonly counts: NativeSnapshot["counts"];
  readonly parameterUpdates: NativeSnapshot["parameterUpdates"];
  /** Fingerprint of the dataset; null before the first step. */
  readonly data: string | null;
  /**
   * What the run keeps beside its trainer; of a checkpoint that trainer.save() made there is none.
   */
  readonly run?: unknown;
  readonly files: Readonly<Record<string, FileFacts>>;
}

/** The manifest's text, with the checksum over all of the rest. */
export function formatManifest(manifest: Manifest): string {
  const checksum = checksumOf(manifest);
  return `${JSON.stringify({ ...manifest, checksum }, null, 2)}\n`;
}

/** SHA-256 of a manifest without its checksum, as JSON without white space. */
export function checksumOf(manifest: object): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

/** SHA-256 of a file in pieces, summed up in parts: timers are not late. */
export async function sha256(...pieces: readonly Uint8Array[]): Promise<string> {
  const hash = createHash("sha256");
  await inParts(pieces, (part) => hash.update(part));
  return hash.digest("hex");
}

/** The tensors of each file that has any, without the prefix. */
export function splitTensors(
  tensors: readonly TensorData[],
): { file: string; tensors: TensorData[] }[] {
  const files = new Map<string, TensorData[]>();
  for (const tensor of tensors) {
    // The last part takes what no other does.
    const { file, prefix } = parts.find(({ prefix }) => tensor.name.startsWith(prefix)) as Part;
    const name = tensor.name.slice(prefix.length);
    files.set(file, [...(files.get(file) ?? []), { ...tensor, name }]);
  }
  return [...files].map(([file, tensors]) => ({ file, tensors }));
}

type Part = (typeof parts)[number];

/** The fingerprint of data before the first step, as native code has it; null in a manifest. */
export const noData = "0".repeat(16);

const dtypes = { F32: "float32", F64: "float64", I64: "int64", U8: "uint8" } as const;

/**
 * The tensors of a file, under their whole names. Undefined where one has a dtype that none of ours
 * has.
 */
export function joinTensors(
  file: string,
  tensors: readonly StoredTensor[],
): TensorData[] | undefined {
  const { prefix } = parts.find((part) => part.file === file) as Part;
  const joined: TensorData[] = [];
  for (const { name, dtype, shape, data } of tensors) {
    const known = dtypes[dtype as keyof typeof dtypes];
    if (known === undefined) return undefined;
    joined.push({ name: `${prefix}${name}`, dtype: known, shape, data });
  }
  return joined;
}

/**
 * A state with random numbers that start from a seed: native code starts those that it is not
 * given.
 */
export function reseeded(snapshot: NativeSnapshot, seed: number): NativeSnapshot {
  const tensors = snapshot.tensors.filter(({ name }) => !name.startsWith("random."));
  return { ...snapshot, tensors, counts: { ...snapshot.counts, seed } };
}
