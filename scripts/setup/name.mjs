// What the user types to run the set-up again: a clone has a script for it before anything is compiled, a package has none.
import { existsSync } from "node:fs";

const isClone = existsSync(new URL("../../lib", import.meta.url));

/** The command without flags. */
export const setupCommand = isClone ? "npm run setup" : "npx sparring setup";
/** The command that flags can follow. */
export const setupWith = isClone ? "npm run setup --" : "npx sparring setup";
