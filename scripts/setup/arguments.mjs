import { UsageError } from "./errors.mjs";
import { setupCommand, setupWith } from "./name.mjs";

const flags = {
  "--tests": ["tests", "build the test binary of the native core too"],
  "--cuda": ["cuda", "use a CUDA build of libtorch (default if there is an NVIDIA driver)"],
  "--force": ["force", "build the addon again, even if it matches the sources"],
  "--verbose": ["verbose", "show what pip, npm, CMake and the compiler print"],
  "--help": ["help", "print this and exit"],
};

/**
 * @param {string[]} argv the arguments after the script's name
 * @returns {{ tests: boolean, cuda: boolean, force: boolean, verbose: boolean, help: boolean }}
 */
export function parseArguments(argv) {
  const options = { tests: false, cuda: false, force: false, verbose: false, help: false };
  for (const argument of argv) {
    const flag = Object.hasOwn(flags, argument) && flags[argument];
    if (!flag) {
      const known = Object.keys(flags).join(", ");
      const received = JSON.stringify(argument);
      throw new UsageError(`Expected one of ${known} for a setup flag but received ${received}`);
    }
    options[flag[0]] = true;
  }
  return options;
}

export const help = `Usage: ${setupWith} [flags]

Finds or fetches libtorch, builds the native addon, compiles the TypeScript.
Does nothing if all of that is done already.

${Object.entries(flags)
  .map(([flag, [, text]]) => `  ${flag.padEnd(10)} ${text}`)
  .join("\n")}

Examples:
  ${setupCommand.padEnd(32)} what is missing
  ${`${setupWith} --force`.padEnd(32)} the addon again, whatever is there
  ${`CXX=clang++ ${setupCommand}`.padEnd(32)} by another compiler

Environment:
  LIBTORCH         the libtorch to use: a folder with include/ and lib/
  CXX              the C++ compiler to use
  XDG_CACHE_HOME   where sparring/ keeps a fetched libtorch (default: ~/.cache)
  NO_COLOR         print no colour
`;
