// Compiles lib/ to dist/: what runs in Node, then the page of the dashboard, which runs in browsers.
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { bundleCommand } from "./bundle.mjs";
import { run } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { packageFolder } from "./native.mjs";
import { command } from "./stamp.mjs";

const page = "lib/dashboard/page";
const pageOutput = "dashboard/page";
const assets = /\.(html|css|svg)$/;
// Side by side, so that each takes the place of another in a moment.
const [output, next, former] = ["dist", "dist.new", "dist.old"];

/** Fills dist/ anew. Where the compiler refuses a source, what was there before stays. */
export async function buildTypescript(root, { verbose } = {}) {
  const at = (...parts) => join(root, ...parts);
  const remove = (folder) => rmSync(at(folder), { recursive: true, force: true });
  remove(next);
  try {
    await compile(root, "tsconfig.build.json", next, { verbose });
    await compile(root, page, join(next, pageOutput), { verbose });
    await bundleCommand(root, at(next, relative(output, command)), at(next));
  } catch (error) {
    remove(next);
    throw error;
  }
  // What a browser takes as it is.
  for (const name of readdirSync(at(page)).filter((file) => assets.test(file)))
    cpSync(at(page, name), at(next, pageOutput, name));
  chmodSync(at(next, relative(output, command)), 0o755);
  // As a whole: the output of a source that is gone must not be packed, or imported by chance.
  remove(former);
  if (existsSync(at(output))) renameSync(at(output), at(former));
  renameSync(at(next), at(output));
  remove(former);
}

async function compile(root, project, folder, { verbose }) {
  const compiler = join(packageFolder(root, "typescript"), "bin/tsc");
  const parameters = [compiler, "-p", project, "--outDir", folder];
  const { code, output: text } = await run(process.execPath, parameters, { cwd: root, verbose });
  if (code === 0) return;
  throw new SetupError(`${verbose ? "" : `${text.trim()}\n\n`}The TypeScript does not compile`);
}
