// `sparring bench`: the benchmark against PyTorch, which is a program of its own in bench/.
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { runScript } from "./child.js";

const script = fileURLToPath(new URL("../../bench/main.mjs", import.meta.url));
const environment = { SPARRING_BENCH: "sparring bench" };

export function benchCommand(onExit: (code: number) => void): Command {
  // It reads its own command line, --help included.
  return new Command("bench")
    .description("Measure Sparring against PyTorch, in turn, on this machine.")
    .usage("[options]")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .addHelpText("after", "\n`sparring bench --help` lists its options.")
    .action(async (_options: unknown, { args }: Command) =>
      onExit(await runScript(script, args, environment)),
    );
}
