// A guide as something that can be followed: its blocks of code, which are files or consoles.
//   ```ts train.mjs     the file train.mjs, or the next part of it
//   ```console          commands after "$ ", each with what it printed
//   ```console once     the same, only where the page is written: it takes long, or says when it was
//   ```console fails    the last command ends with an error, as the page says
//   ```console serves   the command goes on until the page ends; what it said until it answered
// Other blocks only show something.

/**
 * @typedef {object} Block
 * @property {string} language
 * @property {string | undefined} note what stands after the language: a file's name, `once`,
 *   `fails`
 * @property {string} code
 * @property {number} start of the code in the page
 */

/** @param {string} text of a page @returns {Block[]} */
export function blocksOf(text) {
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, language, note, code] = match;
    return { language, note, code, start: match.index + whole.length - code.length - 3 };
  });
}

/** @param {Block} block */
export const isFile = ({ language, note }) => language !== "console" && note !== undefined;

/**
 * Commands of a console, with the output that the page has for each. A line that ends with a
 * backslash goes on in the next.
 *
 * @param {string} code @returns {{ command: string, output: string }[]}
 */
export function commandsOf(code) {
  return code
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command] = /^(?:.*\\\n)*.*\n/.exec(part);
      return { command: command.trimEnd(), output: part.slice(command.length).trimEnd() };
    });
}

/**
 * A console of commands with their output: the inverse of commandsOf().
 *
 * @param {{ command: string, output: string }[]} commands
 */
export const consoleOf = (commands) =>
  commands.map(({ command, output }) => `$ ${command}\n${output && `${output}\n`}`).join("");

/**
 * Output with other numbers, of one or of many, and paddings is the same output.
 *
 * @param {string} text
 */
export const withoutNumbers = (text) =>
  text
    .replace(/-?\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?/g, "#")
    .replace(/# (\w+?)s\b/g, "# $1")
    .replace(/[ \t]+/g, " ")
    .trim();

const countsOfSteps =
  /\b(steps|untilStep|tickEvery|log-every|sample-every|checkpoint-every|logEvery|sampleEvery|checkpointEvery)(": | |: )([\d_]+)\b/g;

/**
 * Steps, and what is counted in them, by a fiftieth: as many lines in a fraction of the time.
 *
 * @param {string} code
 */
export const shortened = (code) =>
  code.replace(countsOfSteps, (_all, name, between, count) => {
    const steps = Number(count.replaceAll("_", ""));
    return `${name}${between}${Math.ceil(steps / 50)}`;
  });
