// Flags that are no option of a run.
import { finder } from "../meant.js";

/** How a command is carried out, which is no part of a run: only the command line says it. */
export const flagsAlone = [
  "--dashboard",
  "--dry-run",
  "--json",
  "--restartable",
  "--resume",
  "--timeout",
] as const;

const find = finder({});

/** The flag that is meant where somebody wrote it as an option, `dryRun`; undefined: none is. */
export const flagMeant = (name: string): string | undefined => find(name, flagsAlone);
