// The tree of commands.
import { Command, CommanderError } from "commander";
import { version } from "../version.js";
import { benchCommand } from "./bench.js";
import { dashboardCommand } from "./dashboard.js";
import { doctorCommand } from "./doctor.js";
import { evaluateCommand } from "./evaluate.js";
import { exitCodes, reportError } from "./exit.js";
import { exportCommand } from "./export.js";
import { interpolateCommand } from "./interpolate.js";
import { toMisuse } from "./misuse.js";
import { sampleCommand } from "./sample.js";
import { setupCommand } from "./setup.js";
import { theoryCommand } from "./theory.js";
import { trainCommand } from "./train.js";

/**
 * Runs the command line.
 *
 * @param argv what follows `node main.js`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const program = createProgram((value) => {
    code = value;
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    return error.exitCode === 0 ? exitCodes.ok : reportError(toMisuse(error, program, argv));
  }
}

/** The commands; what one exits with goes to `onExit`. */
export function createProgram(onExit: (code: number) => void): Command {
  const program = new Command("sparring")
    .description("Trains GANs on libtorch.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText(
      "after",
      "\n`sparring train --help` lists presets, data and every option of training.",
    );
  program.addCommand(trainCommand(onExit));
  program.addCommand(sampleCommand(onExit));
  program.addCommand(interpolateCommand(onExit));
  program.addCommand(evaluateCommand(onExit));
  program.addCommand(exportCommand(onExit));
  program.addCommand(dashboardCommand(onExit));
  program.addCommand(benchCommand(onExit));
  program.addCommand(theoryCommand(onExit));
  program.addCommand(doctorCommand(onExit));
  program.addCommand(setupCommand(onExit));
  for (const command of [program, ...program.commands]) {
    // Its own messages are not printed: they come back through toMisuse().
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return program;
}
