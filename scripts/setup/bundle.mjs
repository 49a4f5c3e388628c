// The command as few files in place of hundreds, which Node would look for one by one: it starts in
// less than half the time. What else is in dist/ stays as it was compiled.
import { realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "./native.mjs";

/**
 * Puts what the command's file imports into it, and into files beside it what only some commands
 * import.
 *
 * @param {string} root of the package
 * @param {string} command the path of the compiled file
 * @param {string} folder of all that was compiled
 */
export async function bundleCommand(root, command, folder) {
  const bundler = join(packageFolder(root, "rolldown"), "dist/index.mjs");
  const { rolldown } = await import(pathToFileURL(bundler).href);
  const bundle = await rolldown({
    input: command,
    platform: "node",
    // Packages stay packages: npm brings them.
    external: /^[^./]/,
    // By their real paths, as it names modules itself.
    plugins: [inPlace(realpathSync(dirname(command)), realpathSync(folder))],
  });
  await bundle.write({
    dir: dirname(command),
    format: "esm",
    entryFileNames: "main.js",
    chunkFileNames: "main-[name].js",
  });
  await bundle.close();
}

/** Modules find files by where they lie: that is said to them, as they lie elsewhere now. */
function inPlace(from, folder) {
  return {
    name: "in-place",
    transform(code, id) {
      if (!id.startsWith(folder) || !code.includes("import.meta.url")) return null;
      const place = JSON.stringify(relative(from, id));
      return code.replaceAll("import.meta.url", `new URL(${place}, import.meta.url).href`);
    },
  };
}
