// `sparring doctor`: what this machine has, and why training does not work if it does not.
import type { Command } from "commander";
import { type Examination, examine } from "../doctor/examine.js";
import type { Finding, Status } from "../doctor/kind.js";
import { createCommand, type Options } from "./command.js";
import { exitCodes } from "./exit.js";
import { flag } from "./options.js";
import { tell } from "./tell.js";
import { painter } from "./terminal.js";

const examples = `
Signs: ok; ! for what training can do without; x for what it needs.

Examples:
  sparring doctor          a line for each thing that was checked
  sparring doctor --json   the same as one JSON object, for a bug report

Exit codes: 0 training works, 1 it does not, 2 bad input.`;

export function doctorCommand(onExit: (code: number) => void): Command {
  return createCommand({
    name: "doctor",
    description: "Say what Sparring runs on, and what is wrong if it does not train.",
    options: [flag("--json", "print one JSON object instead of lines")],
    examples,
  }).action(async ({ json }: Options) => {
    const examination = await examine();
    tell(examination, json, toText);
    onExit(examination.works ? exitCodes.ok : exitCodes.failure);
  });
}

const signs = { ok: "ok", warning: "!", problem: "x" } as const satisfies Record<Status, string>;
const styles = { ok: "cyan", warning: "bold", problem: "magenta" } as const;

function toText({ works, findings }: Examination): string {
  return [...findings.map(toLine), conclusion(works)].join("\n");
}

function toLine({ status, says, advice }: Finding): string {
  const sign = painter(process.stdout)(styles[status], signs[status].padEnd(3));
  return `${sign} ${says}${advice === undefined ? "" : `; ${advice}`}`;
}

function conclusion(works: boolean): string {
  return works ? "Training works here." : "Training does not work here.";
}
