// The tree of commands.
import { Command, CommanderError } from "commander";
import { version } from "../version.js";
import { exitCodes, reportError } from "./exit.js";
import { toMisuse } from "./misuse.js";
import { checkWords } from "./words.js";

/** How each command is made. Hundreds of modules are behind them, of which one needs few. */
const makers = {
  train: async () => (await import("./train.js")).trainCommand,
  sample: async () => (await import("./sample.js")).sampleCommand,
  interpolate: async () => (await import("./interpolate.js")).interpolateCommand,
  evaluate: async () => (await import("./evaluate.js")).evaluateCommand,
  export: async () => (await import("./export.js")).exportCommand,
  dashboard: async () => (await import("./dashboard.js")).dashboardCommand,
  bench: async () => (await import("./bench.js")).benchCommand,
  theory: async () => (await import("./theory.js")).theoryCommand,
  doctor: async () => (await import("./doctor.js")).doctorCommand,
  setup: async () => (await import("./setup.js")).setupCommand,
};

/**
 * Runs the command line.
 *
 * @param argv what follows `node main.js`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const program = await createProgram((value) => {
    code = value;
  }, namesIn(argv));
  try {
    if (argv.length === 0) program.outputHelp();
    else {
      checkCommand(program, argv);
      await program.parseAsync(argv, { from: "user" });
    }
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    if (error.exitCode === 0) return exitCodes.ok;
    return reportError(await toMisuse(error, program, argv));
  }
}

/** Checks what follows the name of a command. Throws TypeError. */
function checkCommand({ commands }: Command, [name, ...words]: readonly string[]): void {
  const command = commands.find((child) => child.name() === name);
  if (command !== undefined) checkWords(command, words, `sparring ${name}`);
}

type Name = keyof typeof makers;

const names = Object.keys(makers) as Name[];

/** The commands that a command line can be about: one where it says which, else all. */
function namesIn([first = ""]: readonly string[]): readonly Name[] {
  if (["-V", "--version"].includes(first)) return [];
  const named = names.filter((name) => name === first);
  return named.length > 0 ? named : names;
}

/**
 * The commands; what one exits with goes to `onExit`.
 *
 * @param wanted those that are wanted
 */
export async function createProgram(
  onExit: (code: number) => void,
  wanted: readonly Name[] = names,
): Promise<Command> {
  const program = new Command("sparring")
    .description("Trains GANs on libtorch.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText(
      "after",
      "\n`sparring train --help` lists presets, data and every option of training.",
    );
  const loaded = await Promise.all(wanted.map((name) => makers[name]()));
  for (const make of loaded) program.addCommand(make(onExit));
  for (const command of [program, ...program.commands]) {
    // Its own messages are not printed: they come back through toMisuse().
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return program;
}
