#!/usr/bin/env node
// `npm run build:ts`: lib/ to dist/, without the native code.
import { fileURLToPath } from "node:url";
import { buildTypescript } from "./setup/typescript.mjs";

try {
  await buildTypescript(fileURLToPath(new URL("..", import.meta.url)), { verbose: true });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
