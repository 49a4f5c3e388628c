// `sparring export`: a run in, a file for others out.
import { Command } from "commander";
import { trainedText } from "../run/config.js";
import { type Exported, exportFormats, exportRun } from "../run/export.js";
import { exitCodes } from "./exit.js";
import { printJson } from "./json.js";
import { toName, toRequest } from "./options.js";
import { printNote } from "./text.js";

const examples = `
Formats:
  onnx         the generator in evaluation mode, for onnxruntime and others
  safetensors  its weights, under the keys of PyTorch
  pytorch      the source of its nn.Module, which loads these weights

Examples:
  sparring export runs/cgan --out g.onnx
  sparring export runs/cgan --checkpoint best --out g.onnx   by --evaluate-every
  sparring export runs/cgan --opset 21 --out g.onnx          for newer runtimes
  sparring export runs/cgan --format safetensors --out g.safetensors
  sparring export runs/cgan --format pytorch --out generator.py
  sparring export runs/r3gan --raw --out g.onnx   the last weights

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

export function exportCommand(onExit: (code: number) => void): Command {
  return new Command("export")
    .description("Write the generator of a run as one file.")
    .argument("<run>", "a run folder")
    .option("--format <format>", `${exportFormats.join(", ")} (default: onnx)`)
    .option("--opset <n>", "operators of onnx, 17 to 26 (default: 17)")
    .requiredOption("--out <file>", "the file to write (needed)")
    .option("--step <n>", "the checkpoint of a step (default: as the run ended)")
    .option("--checkpoint <which>", "best (by --evaluate-every), newest or a step")
    .option("--raw", "the weights of the last step where the run keeps their average")
    .option("--json", "tell what was written as one JSON object")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(async (run: string, { json, ...texts }: Record<string, string | boolean>) => {
      const exported = await exportRun({ ...toRequest(texts, numbers), run }, toName, printNote);
      if (json) printJson(exported);
      else process.stdout.write(`${describe(exported)}\n`);
      onExit(exitCodes.ok);
    });
}

const numbers = new Set(["step", "checkpoint", "opset"]);

function describe({ preset, averaged, path }: Exported): string {
  const which = averaged ? "averaged generator" : "generator";
  return `The ${which} of ${preset === null ? "" : "the preset "}${trainedText(preset)} is in ${path}`;
}
