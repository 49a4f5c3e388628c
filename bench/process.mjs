// What is measured in a process of its own, as its peak of memory, or its start, is to be.
import { run } from "../scripts/setup/command.mjs";

/**
 * Why a program ended, of what it said: the line of the error that was thrown. Node follows it with the
 * places it came through, and with its own version; Python ends with it.
 * @param {string} said
 */
export function reasonOf(said) {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const crash = lines.findLastIndex((line) => /^Node\.js v\d/.test(line));
  const before = crash < 0 ? lines : lines.slice(0, crash);
  const places = before.findIndex((line) => /^ {4}at /.test(line));
  return (
    (crash >= 0 && places > 0 ? before[places - 1] : before.at(-1))?.trim() ?? "it said nothing"
  );
}

/**
 * Runs a program and reads what it prints, as JSON. Throws the reason that it gave where it fails.
 * @param {string} name what fails then
 * @param {readonly [program: string, ...parameters: string[]]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export async function answerOf(name, [program, ...parameters], options) {
  const { code, output, stdout } = await run(program, parameters, options);
  if (code !== 0) throw new Error(`${name} failed: ${reasonOf(output)}`);
  return JSON.parse(stdout);
}
