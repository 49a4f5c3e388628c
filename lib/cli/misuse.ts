// What commander says of a wrong command line, in the grammar of all our errors.
import { type Command, CommanderError } from "commander";
import { missing, wrongType } from "../errors.js";
import { configSchema } from "../run/file-schema.js";
import { optionMeant } from "../run/other-names.js";

/** Rewrites an error of commander. Its code says what happened, its text only holds the flag. */
export function toMisuse(error: CommanderError, program: Command, argv: readonly string[]): Error {
  const command = program.commands.find((child) => child.name() === argv[0]) ?? program;
  const name = command === program ? "sparring" : `sparring ${command.name()}`;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownCommand":
      return unknown(quoted, program, error);
    case "commander.unknownOption":
      return wrongType(flagMeant(quoted, command, error), `an option of ${name}`, quoted);
    case "commander.optionMissingArgument":
    case "commander.missingMandatoryOptionValue":
      return missing("a value", quoted.split(" ")[0] as string);
    case "commander.help": // asked for the help of a command that does not exist
      return unknown(argv[1], program, asCommand(argv[1], program));
    case "commander.missingArgument":
      return missing("a value", `<${quoted}> of ${name}`);
    case "commander.excessArguments":
      return wrongType(
        argumentsOf(command),
        name,
        command.args[command.registeredArguments.length],
      );
    default:
      return wrongType("a command line that makes sense", name, argv, ` (${error.message})`);
  }
}

function unknown(given: unknown, program: Command, error: CommanderError | undefined): TypeError {
  const suggested = error && suggestedBy(error);
  return wrongType(suggested ?? `one of ${listCommands(program)}`, "the command", given);
}

/** What commander says of a command that does not exist; undefined for `help`, which does. */
function asCommand(given: unknown, program: Command): CommanderError | undefined {
  if (typeof given !== "string" || given === "help") return undefined;
  try {
    program.parse([given], { from: "user" });
    return undefined;
  } catch (error) {
    return error instanceof CommanderError ? error : undefined;
  }
}

/** What is expected in place of a flag that there is not. */
function flagMeant(given: string, command: Command, error: CommanderError): string {
  const known = listOptions(command);
  const flag = optionMeant(given, known);
  if (flag !== undefined) return flag;
  const isOfTraining = command.name() === "train";
  const key = isOfTraining && optionMeant(given, Object.keys(configSchema.entries));
  if (key) return `${key} of a config file`;
  // A few are told all: of those the nearest is often not what was meant.
  const nearest = known.length > few ? suggestedBy(error) : undefined;
  return nearest ?? `one of ${known.join(", ")}`;
}

/** Names that a reader takes in at a glance. */
const few = 8;

/** What commander thinks was meant: names that differ by few letters. */
function suggestedBy({ message }: CommanderError): string | undefined {
  return /\(Did you mean (.+)\?\)/.exec(message)?.[1];
}

function argumentsOf({ registeredArguments }: Command): string {
  const names = registeredArguments.map((argument) => `one ${argument.name()} and `);
  return `${names.join("")}options only`;
}

function listCommands(program: Command): string {
  const commands = program.createHelp().visibleCommands(program);
  return commands.map((command) => command.name()).join(", ");
}

function listOptions(command: Command): string[] {
  const options = command.createHelp().visibleOptions(command);
  return options.map((option) => String(option.long));
}
