// From a run folder to one file that others can read.
import { extname, resolve } from "node:path";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import { writeWhole } from "../files.js";
import type { Generator } from "../networks.js";
import { checkOpset } from "../onnx/opset.js";
import {
  type GeneratorOrigin,
  type GeneratorRequest,
  loadEnded,
  loadGenerator,
} from "./generator.js";
import { forFile } from "./out.js";
import { checkOut } from "./own-files.js";
import type { Naming } from "./plan.js";

/**
 * What an export is asked for: from a command line. Without a step or a checkpoint it is of the
 * weights that the run ended with.
 */
export interface ExportRequest extends GeneratorRequest {
  /** Without one, what `out` ends in says it. */
  readonly format?: unknown;
  /** The version of the operators; for `onnx` alone. */
  readonly opset?: unknown;
  readonly out?: unknown;
}

/** What was written. */
export interface Exported extends GeneratorOrigin {
  readonly format: ExportFormat;
  /** Absolute path of the file. */
  readonly path: string;
}

/** How each format is written, and what its files end in. */
const formats = {
  onnx: {
    ending: ".onnx",
    write: (generator: Generator, path: string, opset: number) =>
      generator.saveOnnx(path, { opset }),
  },
  safetensors: {
    ending: ".safetensors",
    write: (generator: Generator, path: string) => generator.saveWeights(path),
  },
  pytorch: {
    ending: ".py",
    write: (generator: Generator, path: string) => writeWhole(path, [generator.toPyTorch()]),
  },
};

export type ExportFormat = keyof typeof formats;

export const exportFormats = Object.keys(formats) as ExportFormat[];

/** The format that is asked for, or that of a file of this name. */
function formatOf(given: unknown, out: string, naming: Naming<ExportRequest>): ExportFormat {
  if (given !== undefined) return check.oneOf(given, naming("format"), exportFormats);
  const ending = extname(out).toLowerCase();
  if (ending === "") return "onnx";
  const found = exportFormats.find((format) => formats[format].ending === ending);
  if (found !== undefined) return found;
  const name = `${naming("out")} without ${naming("format")}`;
  throw outOfRange("a file that ends in .onnx, .safetensors or .py", name, out);
}

/**
 * Writes the generator of a run as it was at its end, or at a checkpoint: the averaged one where
 * the run keeps one, unless `raw` asks for the other. Throws TypeError and RangeError for what
 * makes no sense, what loadGenerator() throws, and ERR_OUTPUT.
 */
export async function exportRun(
  request: ExportRequest,
  naming: Naming<ExportRequest>,
  onNote: (sentence: string) => void = () => {},
): Promise<Exported> {
  const out = check.string(request.out, naming("out"));
  const format = formatOf(request.format, out, naming);
  if (request.opset !== undefined && format !== "onnx")
    throw wrongType(`onnx beside ${naming("opset")}`, naming("format"), format);
  const opset = checkOpset({ opset: request.opset as number | undefined }, naming("opset"));
  await checkOut(out, naming("out"));
  const path = resolve(out);
  const isOfCheckpoint = request.checkpoint !== undefined || request.step !== undefined;
  const found = isOfCheckpoint
    ? await loadGenerator(request, naming, onNote)
    : await loadEnded(request, naming);
  using generator = found.generator;
  await forFile(naming("out"), () => formats[format].write(generator, out, opset));
  const { preset, averaged, step } = found;
  return { path, format, preset, averaged, step };
}
