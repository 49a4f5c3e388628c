// From a run folder to one file that others can read.
import { resolve } from "node:path";
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { writeWhole } from "../files.js";
import { Generator } from "../networks.js";
import { checkOpset } from "../onnx/opset.js";
import { loadGenerator } from "./generator.js";
import { checkOut } from "./out.js";
import { readRun } from "./stored.js";

/** What an export is asked for: from a command line. */
export interface ExportRequest {
  readonly run?: unknown;
  readonly format?: unknown;
  /** Of `onnx` alone. */
  readonly opset?: unknown;
  readonly out?: unknown;
  readonly raw?: unknown;
  readonly step?: unknown;
  /** `best`, `newest` or a step; where neither is given, the weights that the run ended with. */
  readonly checkpoint?: unknown;
}

/** What the user calls an option, for the sentences of errors: `--out`. */
export type ExportNaming = (option: keyof ExportRequest) => string;

/** What was written. */
export interface Exported {
  readonly format: ExportFormat;
  /** Null where its networks are no preset's. */
  readonly preset: string | null;
  /** Whether the generator is the averaged one. */
  readonly averaged: boolean;
  /** Steps that it was trained; null for the weights that the run ended with, which do not tell. */
  readonly step: number | null;
  /** Absolute path of the file. */
  readonly path: string;
}

/** How each format is written. */
const writers = {
  onnx: (generator: Generator, path: string, opset: number) => generator.saveOnnx(path, { opset }),
  safetensors: (generator: Generator, path: string) => generator.saveWeights(path),
  pytorch: (generator: Generator, path: string) => writeWhole(path, [generator.toPyTorch()]),
};

export type ExportFormat = keyof typeof writers;

export const exportFormats = Object.keys(writers) as ExportFormat[];

/**
 * Writes the generator of a run: the averaged one where the run keeps one, unless `raw` asks for the other; as it was at its end, or
 * at a checkpoint. Throws
 * TypeError for what makes no sense, ERR_DATA and ERR_WEIGHTS for a run folder that is missing or broken, and
 * ERR_OUTPUT.
 */
export async function exportRun(
  request: ExportRequest,
  naming: ExportNaming,
  onNote: (sentence: string) => void = () => {},
): Promise<Exported> {
  const format = check.oneOf(request.format ?? "onnx", naming("format"), exportFormats);
  if (request.opset !== undefined && format !== "onnx")
    throw wrongType(`onnx beside ${naming("opset")}`, naming("format"), format);
  const opset = checkOpset({ opset: request.opset as number | undefined }, naming("opset"));
  const out = check.string(request.out, naming("out"));
  const raw = check.boolean(request.raw ?? false, naming("raw"));
  await checkOut(out, naming("out"));
  const path = resolve(out);
  if (request.checkpoint !== undefined || request.step !== undefined) {
    const found = await loadGenerator(request, naming, onNote);
    using generator = found.generator;
    await writers[format](generator, out, opset);
    const { preset, averaged, step } = found;
    return { path, format, preset, averaged, step };
  }
  const run = await readRun(check.string(request.run, naming("run")), naming("run"));
  const averaged = run.averaged && !raw;
  using generator = new Generator(run.generator);
  await generator.loadWeights(run.folder.weightsOf(averaged ? "generator-ema" : "generator"));
  await writers[format](generator, out, opset);
  return { path, format, preset: run.preset, averaged, step: null };
}
