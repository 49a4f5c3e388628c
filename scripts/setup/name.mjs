// What the user types to run the set-up again: a clone has a script for it before anything is
// compiled, a package has none.
import { existsSync } from "node:fs";

/**
 * The command as it is, and the one that flags can follow. npx looks in node_modules, which Yarn's
 * Plug'n'Play has none of.
 * @param {boolean} isClone
 * @param {{ pnp?: string }} versions
 */
export function commandsOf(isClone, versions = process.versions) {
  if (isClone) return ["npm run setup", "npm run setup --"];
  const command = `${versions.pnp === undefined ? "npx" : "yarn"} sparring setup`;
  return [command, command];
}

export const [setupCommand, setupWith] = commandsOf(
  existsSync(new URL("../../lib", import.meta.url)),
);
