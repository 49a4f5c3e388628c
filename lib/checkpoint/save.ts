// From a trainer to a folder.
import { constants } from "node:buffer";
import { addon } from "../addon.js";
import { byteLengthOf } from "../bytes.js";
import { threads } from "../device.js";
import { refused } from "../errors.js";
import { writeFolder } from "../files.js";
import type { NativeSnapshot } from "../native.js";
import { formatSafetensors } from "../safetensors.js";
import type { TrainerSettings } from "../trainer/options.js";
import { version } from "../version.js";
import { replaceFolder } from "./replace.js";
import {
  type FileFacts,
  formatManifest,
  formatVersion,
  type Manifest,
  manifestFile,
  noData,
  sha256,
  splitTensors,
} from "./format.js";

/**
 * Writes a snapshot as a checkpoint: a folder, whole or not at all. Throws ERR_OUTPUT; where
 * something is in the way, or it cannot be made, before anything is summed up.
 *
 * @param more.run what a run keeps beside its trainer
 * @param more.replace whether an older checkpoint may be there
 */
export async function writeCheckpoint(
  path: string,
  settings: TrainerSettings,
  snapshot: NativeSnapshot,
  { run, replace }: { readonly run?: unknown; readonly replace?: boolean | undefined } = {},
): Promise<void> {
  const make = () => format(settings, snapshot, run);
  await (replace ? replaceFolder(path, make) : writeFolder(path, make));
}

/** The files of a checkpoint; the manifest last, as a folder without one is no checkpoint. */
async function format(settings: TrainerSettings, snapshot: NativeSnapshot, run: unknown) {
  const files: Record<string, readonly Uint8Array[]> = {};
  const facts: Record<string, FileFacts> = {};
  for (const { file, tensors } of splitTensors(snapshot.tensors)) {
    const pieces = formatSafetensors(tensors);
    const bytes = byteLengthOf(pieces);
    checkReadable(file, bytes);
    files[file] = pieces;
    facts[file] = { bytes, sha256: await sha256(...pieces) };
  }
  const manifest = formatManifest({
    format: "sparring checkpoint",
    version: formatVersion,
    versions: { sparring: version(), libtorch: addon().libtorchVersion },
    step: snapshot.counts.step as number,
    device: settings.generator.device,
    threads: await threads(),
    ...describe(settings),
    counts: snapshot.counts,
    parameterUpdates: snapshot.parameterUpdates,
    data: snapshot.data === noData ? null : snapshot.data,
    run,
    files: facts,
  });
  return { ...files, [manifestFile]: [manifest] };
}

/** A file is read again in one piece. */
function checkReadable(file: string, bytes: number): void {
  if (bytes <= constants.MAX_LENGTH) return;
  const what = `at most ${constants.MAX_LENGTH} bytes, what a Buffer holds,`;
  throw refused("ERR_OUTPUT", what, file, String(bytes));
}

/** What a trainer is, as a checkpoint says it. */
export type Described = Pick<Manifest, "generator" | "discriminator" | "trainer">;

export function describe(settings: TrainerSettings): Described {
  // With how many ranks it goes on is up to those who go on.
  const { generator, discriminator, distributed, ...trainer } = settings;
  return {
    generator: generator.architecture,
    discriminator: discriminator.architecture,
    trainer,
  };
}
