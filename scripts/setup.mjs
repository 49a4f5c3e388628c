#!/usr/bin/env node
// Makes a clone, or an installed package, ready to run. Run by `prestart`, `pretest` and `install`;
// see setup/main.mjs.
import { main } from "./setup/main.mjs";

process.exitCode = await main(process.argv.slice(2));
