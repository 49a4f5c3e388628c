// SIGHUP, which comes when a terminal is closed, or a connection to a machine ends.
import { isatty } from "node:tty";
import { systemText } from "../system-text.js";

/** Files of the process that are terminals, as long as those are open. */
const terminals = [0, 1, 2].filter(isatty);

/**
 * Whether this process is to outlive its terminal, as after `nohup`. That has the system ignore
 * SIGHUP, which Node undoes before any JavaScript runs, and without a trace. What can still be seen
 * is what else nohup does: the process has a terminal, and neither reads from it nor writes to it.
 * One that has none, as that of a service, gets SIGHUP only from who means it.
 */
export const outlivesTerminal = hasTerminal() && terminals.length === 0;

/**
 * Ends a process whose terminal is gone as SIGHUP does. Node, which gives a terminal back as it
 * was, aborts there.
 */
export function endWithTerminal(): void {
  if (terminals.some((file) => !isatty(file))) process.kill(process.pid, "SIGHUP");
}

/** Whether the process belongs to the session of a terminal. */
function hasTerminal(): boolean {
  const stat = systemText("/proc/self/stat");
  // The name of the program, in brackets, may contain spaces and brackets.
  const terminal = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4];
  return terminal !== undefined && terminal !== "0";
}
