// `sparring export`: a run in, a file for others out.
import type { Command } from "commander";
import { trainedText } from "../run/config.js";
import { type Exported, exportFormats, exportRun } from "../run/export.js";
import { createRunCommand } from "./command.js";
import { checkpointFlag, flag, numberFlag, outFlag, rawFlag, stepFlag } from "./options.js";

const examples = `
Formats:
  onnx         .onnx: the generator in evaluation mode, for any runtime
  safetensors  .safetensors: its weights, under the keys of PyTorch
  pytorch      .py: the source of its nn.Module, which loads these weights

Examples:
  sparring export runs/cgan --out g.onnx
  sparring export runs/cgan --checkpoint best --out g.onnx   by --evaluate-every
  sparring export runs/cgan --opset 21 --out g.onnx          for newer runtimes
  sparring export runs/cgan --out g.safetensors
  sparring export runs/cgan --out generator.py
  sparring export runs/r3gan --raw --out g.onnx   the last weights

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

const options = [
  flag("--format <format>", exportFormats.join(", "), "by the extension of --out, else onnx"),
  numberFlag("--opset <n>", "operator set of ONNX, 17 to 26", 17),
  outFlag("--out <file>", "the file to write"),
  stepFlag("as the run ended"),
  checkpointFlag(),
  rawFlag(),
  flag("--json", "print what was written as one JSON object"),
];

export function exportCommand(onExit: (code: number) => void): Command {
  const description = "Write the generator of a run as one file.";
  const text = { name: "export", description, options, examples };
  return createRunCommand({ ...text, work: exportRun, toText: describe }, onExit);
}

function describe({ preset, averaged, path }: Exported): string {
  const which = averaged ? "averaged generator" : "generator";
  return `The ${which} of ${preset === null ? "" : "the preset "}${trainedText(preset)} is in ${path}`;
}
