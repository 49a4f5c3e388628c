// What the commands have in common: how they look, and that they tell a result to people or to
// programs.
import { Command, type Option } from "commander";
import { exitCodes } from "./exit.js";
import { tell } from "./tell.js";
import { toFlag } from "./options.js";
import { printNote } from "./text.js";

/** A command as its help shows it. */
export interface CommandText {
  readonly name: string;
  readonly description: string;
  /**
   * Its one argument: `<run>` for one that is needed, `[run]` for one that is not.
   *
   * @default none
   */
  readonly argument?: readonly [name: string, description: string, usual?: string] | undefined;
  readonly options: readonly Option[];
  /** What follows them in its help. */
  readonly examples: string;
}

/** What a command line says beside the argument, by the names of the options. */
export type Options = Readonly<Record<string, unknown>>;

export function createCommand(text: CommandText): Command {
  const command = new Command(text.name)
    .description(text.description)
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", text.examples);
  if (text.argument !== undefined) command.argument(...text.argument);
  for (const option of text.options) command.addOption(option);
  return command;
}

/** A command whose argument is a run. */
export interface RunCommand<Result extends object> extends Omit<CommandText, "argument"> {
  /** What it does; it may tell of what is not as it should be. */
  readonly work: (
    request: Options & { readonly run: string },
    naming: (option: string) => string,
    onNote: (sentence: string) => void,
  ) => Promise<Result>;
  /** The result for people. */
  readonly toText: (result: Result) => string;
}

/** @param onExit called with the exit code */
export function createRunCommand<Result extends object>(
  { work, toText, ...text }: RunCommand<Result>,
  onExit: (code: number) => void,
): Command {
  const command = createCommand({ ...text, argument: ["<run>", "a run folder"] });
  return command.action(async (run: string, { json, ...options }: Options) => {
    const result = await work({ ...options, run }, nameOf, printNote);
    tell(result, json, toText);
    onExit(exitCodes.ok);
  });
}

const nameOf = (option: string) => (option === "run" ? "the run" : toFlag(option));
