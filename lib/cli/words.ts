// The words of a command line as they came: commander takes a flag for the value of the one before
// it, and of an option that is given again the last value, and drops the others without a word.
import { parseArgs } from "node:util";
import type { Command, Option } from "commander";
import { missing, wrongType } from "../errors.js";

/** An option as a command line gives it. */
interface Given {
  readonly option: Option;
  /** What follows it as its value; undefined where it needs none. */
  readonly value: string | undefined;
}

/**
 * Checks the words that follow a command. Throws TypeError where a flag stands in the place of
 * another one's value, as in `--out --json`: `--out=--json`, or `./--json`, means a file. And where
 * one is given again, or beside its contrary; a flag without a value may be, as that says the same.
 *
 * @param name what the user calls the command
 * @param repeatable flags that gather the values that they are given
 */
export function checkWords(
  command: Command,
  words: readonly string[],
  name: string,
  repeatable: readonly string[] = [],
): void {
  const given = optionsIn(command, words);
  const forgetful = given.find(({ value }) => value !== undefined && /^(--|-h$)/.test(value));
  if (forgetful !== undefined) throw missing("a value", flagOf(forgetful.option));
  const once = given.map(({ option }) => option).filter((one) => !repeatable.includes(flagOf(one)));
  for (const option of once) {
    const others = once.filter((other) => other.attributeName() === option.attributeName());
    const flags = [...new Set(others.map(flagOf))];
    if (flags.length > 1) throw wrongType(flags.join(" or "), name, flags.join(" "));
    if (others.length > 1 && (option.required || option.optional))
      throw wrongType(`one ${flagOf(option)}`, name, others.length);
  }
}

/** The options that words give, up to a `--`; those that the command does not have are left out. */
function optionsIn({ options }: Command, words: readonly string[]): Given[] {
  const types = options.map((option) => {
    // What a value may follow is taken as alone: the value stays among the arguments.
    const type = option.required ? ("string" as const) : ("boolean" as const);
    return [flagOf(option).slice(2), { type }];
  });
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(types),
    strict: false,
    tokens: true,
  });
  return tokens.flatMap((token) => {
    const option = options.find((one) => token.kind === "option" && flagOf(one) === token.rawName);
    if (option === undefined || token.kind !== "option") return [];
    return [{ option, value: token.inlineValue ? undefined : token.value }];
  });
}

function flagOf({ long }: Option): string {
  return String(long);
}
