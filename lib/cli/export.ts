// `sparring export`: a run in, a file for others out.
import { Command } from "commander";
import { type ExportRequest, exportFormats, exportRun } from "../run/export.js";
import { exitCodes } from "./exit.js";

const examples = `
Formats:
  onnx         the generator in evaluation mode, for onnxruntime and others
  safetensors  its weights, under the keys of PyTorch
  pytorch      the source of its nn.Module, which loads these weights

Examples:
  sparring export runs/cgan --out g.onnx
  sparring export runs/cgan --format safetensors --out g.safetensors
  sparring export runs/cgan --format pytorch --out generator.py
  sparring export runs/r3gan --raw --out g.onnx   the last weights

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

export function exportCommand(onExit: (code: number) => void): Command {
  return new Command("export")
    .description("Write the generator of a run as one file.")
    .argument("<run>", "a run folder")
    .option("--format <format>", `${exportFormats.join(", ")} (default: onnx)`)
    .requiredOption("--out <file>", "the file to write (needed)")
    .option("--raw", "the weights of the last step where the run keeps their average")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(async (run: string, options: ExportRequest) => {
      await write({ ...options, run });
      onExit(exitCodes.ok);
    });
}

async function write(request: ExportRequest): Promise<void> {
  const { preset, averaged, path } = await exportRun(request, (option) =>
    option === "run" ? "the run" : `--${option}`,
  );
  const which = averaged ? "averaged generator" : "generator";
  process.stdout.write(`The ${which} of the preset ${preset} is in ${path}\n`);
}
