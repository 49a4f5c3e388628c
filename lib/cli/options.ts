// Options of a command line: what --help shows of them, and what they become.
import { Option } from "commander";
import { toNumber } from "../number-text.js";

/** Defaults are filled in by lib/run, which knows them; here they are only shown. */
export function flag(flags: string, description: string, shown?: string | number): Option {
  return new Option(
    flags,
    shown === undefined ? description : `${description} (default: ${shown})`,
  );
}

/** A flag whose value is a number; what is none stays a text, to be refused as it was written. */
export function numberFlag(flags: string, description: string, shown?: string | number): Option {
  return flag(flags, description, shown).argParser(toNumber);
}

/** Pixels of images, as in `64` or `48x64`; what is none stays a text, as a number does. */
export function sizeFlag(description: string, shown: string): Option {
  return flag("--size <pixels>", description, shown).argParser((text: string) => {
    const sides = text.split(/x/i).map(toNumber);
    return sides.length === 2 && sides.every(Number.isInteger) ? sides : toNumber(text);
  });
}

/** The file or folder that a command is to write. */
export function outFlag(flags: string, description: string): Option {
  return flag(flags, `${description} (required)`).makeOptionMandatory();
}

/** How far from 0 the noise of samples may be. */
export function truncationFlag(): Option {
  return numberFlag(
    "--truncation <n>",
    "keep noise within this distance of 0: fewer outliers, samples more alike",
    "as in training",
  );
}

/** How far styles may be from their mean. */
export function truncationPsiFlag(): Option {
  return numberFlag(
    "--truncation-psi <n>",
    "for styled generators: 0 gives all samples the mean style, 1 each its own",
    1,
  );
}

/** Which weights of a run are meant, for commands that take the newest unless asked otherwise. */
export function weightsFlags(): Option[] {
  return [rawFlag(), stepFlag("the newest"), checkpointFlag("newest")];
}

export function rawFlag(): Option {
  return flag("--raw", "take the last weights, even if the run keeps an average");
}

export function stepFlag(shown: string): Option {
  return numberFlag("--step <n>", "the checkpoint of a step", shown);
}

export function checkpointFlag(shown?: string): Option {
  return numberFlag("--checkpoint <which>", "best (by --evaluate-every), newest or a step", shown);
}

/** `logEvery` → `--log-every`. */
export function toFlag(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
