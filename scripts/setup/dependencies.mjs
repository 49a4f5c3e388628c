// The npm packages of a clone. Where Sparring is installed as a package, npm has seen to them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { firstError, run } from "./command.mjs";
import { SetupError } from "./errors.mjs";

/** Whether npm is installing packages right now and runs this as their `install` script. */
export function insideNpmInstall(environment = process.env) {
  const { npm_command: command, npm_lifecycle_event: event } = environment;
  return (
    command === "ci" ||
    command === "install" ||
    (event === "install" && !command?.startsWith("run"))
  );
}

/**
 * Why node_modules does not hold what package-lock.json says; null where it does. npm writes what
 * it installed into node_modules/.package-lock.json; packages for other systems are missing there.
 */
export function dependencyProblem(root) {
  const wanted = readPackages(join(root, "package-lock.json"));
  // A packed package has no lock file.
  if (!wanted) return null;
  const installed = readPackages(join(root, "node_modules/.package-lock.json"));
  if (!installed) return "not installed";
  for (const [path, { version, integrity, optional, link }] of Object.entries(wanted)) {
    if (path === "" || link) continue;
    const found = installed[path];
    if (!found && optional) continue;
    if (found?.version !== version || found?.integrity !== integrity)
      return "not those of package-lock.json";
    if (!existsSync(join(root, path, "package.json"))) return "incomplete";
  }
  return null;
}

/**
 * Installs exactly what package-lock.json says; no package needs a script for it, and ours would
 * run this again.
 */
export async function installDependencies(root, { verbose } = {}) {
  // The npm that runs this script is the one to use; another package manager's path is not.
  const npm = process.env.npm_execpath?.endsWith("npm-cli.js")
    ? [process.execPath, process.env.npm_execpath]
    : ["npm"];
  const [program, ...first] = npm;
  const parameters = [
    ...first,
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const { code, output } = await run(program, parameters, { cwd: root, verbose });
  if (code !== 0) throw new SetupError(`npm ci failed:\n${firstError(output)}`);
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}
