#!/usr/bin/env node
// The command `sparring`. Parses and prints; everything it does is in lib/run.
import "./output.js";
import { endWithTerminal, outlivesTerminal } from "./hang-up.js";
import { main } from "./program.js";
import { endBySignals } from "./stop.js";

if (outlivesTerminal) process.on("SIGHUP", () => {});
if (process.pid === 1) endBySignals();
process.on("exit", endWithTerminal);
process.exitCode = await main(process.argv.slice(2));
