// Compiles lib/ to dist/: what runs in Node, then the page of the dashboard, which runs in browsers.
import { chmodSync, cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { packageFolder } from "./native.mjs";
import { command } from "./stamp.mjs";

const page = "lib/dashboard/page";
const assets = /\.(html|css|svg)$/;

export async function buildTypescript(root, { verbose } = {}) {
  const compiler = join(packageFolder(root, "typescript"), "bin/tsc");
  // The output of a source that is gone must not be packed, or imported by chance.
  rmSync(join(root, "dist"), { recursive: true, force: true });
  for (const project of ["tsconfig.build.json", page]) {
    const parameters = [compiler, "-p", project];
    const { code, output } = await run(process.execPath, parameters, { cwd: root, verbose });
    if (code !== 0)
      throw new SetupError(
        `${verbose ? "" : `${output.trim()}\n\n`}The TypeScript does not compile`,
      );
  }
  copyAssets(root);
  chmodSync(join(root, command), 0o755);
}

/** What a browser takes as it is. */
function copyAssets(root) {
  for (const name of readdirSync(join(root, page)).filter((file) => assets.test(file)))
    cpSync(join(root, page, name), join(root, "dist/dashboard/page", name));
}
