// What commander says of a wrong command line, in the grammar of all our errors.
import type { Command, CommanderError } from "commander";
import { missing, wrongType } from "../errors.js";
import { nearestOnes, nearestOrAll, oneOf } from "../nearest.js";
import { optionMeant } from "../other-names.js";

/** Rewrites an error of commander. Its code says what happened, its text only holds the flag. */
export async function toMisuse(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): Promise<Error> {
  const command = program.commands.find((child) => child.name() === argv[0]) ?? program;
  const name = command === program ? "sparring" : `sparring ${command.name()}`;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownCommand":
      return unknown(quoted, program);
    case "commander.unknownOption":
      return unknownFlag(quoted, command, name);
    case "commander.missingMandatoryOptionValue": {
      // It looks for this first: where the flag is misspelt, nothing is missing.
      const [wrong] = command.parseOptions(argv.slice(1)).unknown;
      return wrong === undefined ? noValue(quoted) : unknownFlag(wrong, command, name);
    }
    case "commander.optionMissingArgument":
      return noValue(quoted);
    case "commander.help": // asked for the help of a command that does not exist
      return unknown(argv[1] as string, program);
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

/** @param flags as its option shows them, `--out <file>` */
function noValue(flags: string): TypeError {
  return missing("a value", flags.split(" ")[0] as string);
}

function unknown(given: string, program: Command): TypeError {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return wrongType(nearestOrAll(given, names), "the command", given);
}

/** A flag that there is not, or one that takes no value, with one: `--drop-last=false`. */
async function unknownFlag(given: string, command: Command, name: string): Promise<TypeError> {
  const [flag = "", ...value] = given.split("=");
  const known = [...command.options.map(({ long }) => long), "--help"];
  if (known.includes(flag)) return wrongType("no value", flag, value.join("="));
  return wrongType(await flagMeant(flag, command), `an option of ${name}`, flag);
}

/** What is expected in place of a flag that there is not. */
async function flagMeant(given: string, command: Command): Promise<string> {
  const known = listOptions(command);
  const flag = optionMeant(given, known);
  if (flag !== undefined) return flag;
  const key = command.name() === "train" ? await keyMeant(given) : undefined;
  if (key !== undefined) return `${key} of a config file`;
  const like = nearestOnes(given, known);
  return oneOf(like.length > 0 ? like : known);
}

/** The key of a config file that is meant. Its schema knows all of training: read only here. */
async function keyMeant(given: string): Promise<string | undefined> {
  const { configSchema } = await import("../run/file-schema.js");
  return optionMeant(given, Object.keys(configSchema.entries));
}

function argumentsOf({ registeredArguments }: Command): string {
  const names = registeredArguments.map((argument) => `one ${argument.name()} and `);
  return `${names.join("")}options only`;
}

function listOptions(command: Command): string[] {
  const options = command.createHelp().visibleOptions(command);
  return options.map((option) => String(option.long));
}
