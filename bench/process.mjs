// What is measured in a process of its own, as its peak of memory, or its start, is to be.
import { run } from "../scripts/setup/command.mjs";

/**
 * Runs a program and reads what it prints, as JSON. Throws the last line of what it said where it
 * fails.
 * @param {string} name what fails then
 * @param {readonly [program: string, ...parameters: string[]]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export async function answerOf(name, [program, ...parameters], options) {
  const { code, output, stdout } = await run(program, parameters, options);
  if (code !== 0) throw new Error(`${name} failed: ${output.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout);
}
