#!/usr/bin/env node
// The command `sparring`. Parses and prints; everything it does is in lib/run.
import { main } from "./program.js";

// The reader of a pipe may leave early (`sparring --help | head -1`): that is its right, not an error.
// While a run goes on, stop.ts listens too.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.exitCode = await main(process.argv.slice(2));
