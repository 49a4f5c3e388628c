// `sparring setup`: builds the addon where the package manager ran no install script; the set-up is
// a program of its own.
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { runScript } from "./child.js";

const script = fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url));

export function setupCommand(onExit: (code: number) => void): Command {
  // It reads its own command line, --help included.
  return new Command("setup")
    .description("Find or fetch libtorch, and build the native addon for it.")
    .usage("[options]")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .addHelpText("after", "\n`sparring setup --help` lists its options.")
    .action(async (_options: unknown, { args }: Command) => onExit(await runScript(script, args)));
}
