// The command line of the benchmark.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { checkWords } from "../dist/cli/words.js";
import { isMisuse } from "../dist/errors.js";
import { UsageError } from "../scripts/setup/errors.mjs";
import { questionNames } from "./questions.mjs";

/**
 * @typedef {object} Options
 * @property {string[]} cases names of cases
 * @property {string[]} only names of questions
 * @property {number} threads
 * @property {number} [rounds] where the command line says so
 * @property {boolean} quick
 * @property {boolean} compile
 * @property {string} [json]
 * @property {string} [svg]
 */

/**
 * @param {readonly string[]} argv what follows its name
 * @param {readonly string[]} caseNames
 * @param {string} [name] what the user called it by
 * @returns {Options | { help: string }}
 */
export function parseOptions(argv, caseNames, name = "npm run bench") {
  let help = "";
  const command = createCommand(caseNames, name).configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: () => {},
  });
  try {
    checkWords(command, argv, name, ["--case"]);
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (isMisuse(error)) throw new UsageError(error.message);
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { help };
    throw new UsageError(toSentence(error, command, name));
  }
  return complete(command.opts(), caseNames);
}

function complete({ case: cases, only, rounds, quick = false, ...rest }, caseNames) {
  for (const [name, given] of Object.entries({ "--case": cases, "--svg": rest.svg }))
    if (given && only && !only.includes("cases"))
      throw new UsageError(expected(`cases in --only beside ${name}`, "--only", only.join()));
  return {
    ...rest,
    quick,
    cases: caseNames.filter((name) => cases === undefined || cases.includes(name)),
    // Who is in a hurry, or asks for a case, does not want the rest.
    only: only ?? (quick || cases ? ["cases"] : questionNames),
    rounds,
  };
}

function createCommand(caseNames, name) {
  const threads = Math.min(2, availableParallelism());
  const called = name.startsWith("npm") ? `${name} --` : name;
  return new Command(called)
    .description(
      "Measures Sparring against PyTorch: the same networks, data and libtorch, in turn.\n" +
        "Makes a Python environment if there is none.",
    )
    .option("--quick", "all cases in 3 minutes: fewer rounds, fewer of PyTorch's modes")
    .option(
      "--case <name>",
      `only this case, repeatable: ${caseNames.join(", ")}`,
      collect(caseNames),
    )
    .option(
      "--only <questions>",
      `only these, with commas between them: ${questionNames.join(", ")}`,
      list(questionNames),
    )
    .option("--threads <n>", "CPU threads of each side", whole(availableParallelism()), threads)
    .option(
      "--rounds <n>",
      "turns of each contestant (default: 9, of some questions 3 or 5; quick: 3)",
      whole(1000),
    )
    .option("--no-compile", "leave out torch.compile, which needs a C++ compiler")
    .option("--json <file>", "write every figure", file)
    .option("--svg <file>", "write a chart of the ratios", file)
    .helpOption("-h, --help", "print this help")
    .addHelpText(
      "after",
      `\nExamples:\n  ${called} --quick\n  ${called} --case dcgan --json dcgan.json`,
    )
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .exitOverride();
}

// Commander hands the WHAT of an error on as the message of an InvalidArgumentError.
const refuse = (what) => {
  throw new InvalidArgumentError(what);
};

const whole = (max) => (text) =>
  /^[1-9]\d*$/.test(text) && Number(text) <= max
    ? Number(text)
    : refuse(`a whole number from 1 to ${max}`);

const collect =
  (allowed) =>
  (text, before = []) =>
    allowed.includes(text) ? [...before, text] : refuse(`one of ${allowed.join(", ")}`);

const list = (allowed) => (text) => {
  const chosen = text.split(",");
  const fits = chosen.every((one) => allowed.includes(one));
  return fits
    ? allowed.filter((one) => chosen.includes(one))
    : refuse(`some of ${allowed.join(",")}`);
};

/** Looked at by checkFiles(), before anything is measured. */
const file = (text) => (text === "" ? refuse("a writable file") : resolve(text));

/** Commander's codes and texts in the grammar of all our errors. */
function toSentence({ code, message }, command, name) {
  // `error: option '--threads <n>' argument 'many' is invalid. a whole number from 1 to 2`
  const invalid = /^error: option '(--\S+).*' argument '(.*)' is invalid\. (.*)$/s.exec(message);
  const quoted = /'([^' ]*)/.exec(message)?.[1] ?? "";
  if (invalid) return expected(invalid[3], invalid[1], invalid[2]);
  if (code === "commander.optionMissingArgument")
    return `Expected a value for ${quoted} but received nothing`;
  if (code === "commander.unknownOption") {
    const known = command.createHelp().visibleOptions(command);
    const names = known.map(({ long }) => long).join(", ");
    return expected(`one of ${names}`, `an option of ${name}`, quoted);
  }
  return expected("options only", name, command.args[0]);
}

const expected = (what, name, text) =>
  `Expected ${what} for ${name} but received ${/^-?\d+(\.\d+)?$/.test(text) ? text : JSON.stringify(text)}`;
