#!/usr/bin/env node
// The command `sparring`. Parses and prints; everything it does is in lib/run.
import { expected } from "../errors.js";
import { reason } from "../files.js";
import { endWithTerminal, outlivesTerminal } from "./hang-up.js";
import { main } from "./program.js";

if (outlivesTerminal) process.on("SIGHUP", () => {});
process.on("exit", endWithTerminal);
// The reader of a pipe may leave early (`sparring --help | head -1`): that is its right, not an
// error. While a run goes on, stop.ts listens too.
process.stderr.on("error", () => {});
// On a full disk it loses what was asked for: that is known when all of it has been tried.
let failure: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") failure ??= error;
});
process.exitCode = await main(process.argv.slice(2));
process.once("beforeExit", () => {
  if (failure === undefined || process.exitCode !== 0) return;
  process.stderr.write(`${expected("a writable stream", "stdout", reason(failure))}\n`);
  process.exitCode = 1;
});
