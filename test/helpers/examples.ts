// The examples as a reader has them: the file that lies in examples/, started by the command in its header.
import { execFile } from "node:child_process";
import { readFile, symlink } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./pages.js";

export const examples = join(root, "examples");

const fewSteps = new URL("few-steps.mjs", import.meta.url);

/**
 * The parameters of the `node` that an example's header names, with others in the place of its last ones.
 *
 * @param name `mnist.mjs`
 */
export async function parametersOf(name: string, ...others: string[]): Promise<string[]> {
  const text = await readFile(join(examples, name), "utf8");
  const [, command] = /^\/\/ +node (.*)$/m.exec(text) ?? [];
  const parameters = command?.split(" ") ?? [];
  if (parameters[0] !== `examples/${name}`)
    throw new Error(`Expected node examples/${name} for its header but received ${command}`);
  return [...parameters.slice(0, parameters.length - others.length), ...others];
}

/** Lets the commands of headers be run in a folder: what they write stays there. */
export const inviteExamples = (folder: string) => symlink(examples, join(folder, "examples"));

/** What an example that trains prints, run in a folder to its end: the file as it is, but for the number of its steps. */
export async function runExample(name: string, folder: string, ...others: string[]) {
  await inviteExamples(folder);
  const env = { ...process.env, XDG_CACHE_HOME: folder, NODE_OPTIONS: `--import=${fewSteps}` };
  const parameters = await parametersOf(name, ...others);
  return (await promisify(execFile)(process.execPath, parameters, { cwd: folder, env })).stdout;
}

/** A path as it stands: fetch() would take the dots out of it. */
export function statusOf(address: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
