// Compiles lib/ to dist/.
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { packageFolder } from "./native.mjs";
import { command } from "./stamp.mjs";

export async function buildTypescript(root, { verbose } = {}) {
  const compiler = join(packageFolder(root, "typescript"), "bin/tsc");
  // The output of a source that is gone must not be packed, or imported by chance.
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const { code, output } = await run(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    verbose,
  });
  if (code !== 0)
    throw new SetupError(`${verbose ? "" : `${output.trim()}\n\n`}The TypeScript does not compile`);
  chmodSync(join(root, command), 0o755);
}
