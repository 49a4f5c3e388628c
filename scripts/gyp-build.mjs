// What binding.gyp runs: the ordinary set-up, out of the reach of the make around it.
import { main } from "./setup/main.mjs";

// node-gyp's make hands down its own flags and job server; the build inside would run one job at a
// time with them.
for (const name of ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"]) delete process.env[name];

process.exitCode = await main([]);
