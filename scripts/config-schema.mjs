#!/usr/bin/env node
// Writes schema/config.schema.json, by which editors complete a config file: `npm run schema`,
// after a build.
import { writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";

export const target = new URL("../schema/config.schema.json", import.meta.url);

/** The file's text. @param {import("valibot").GenericSchema} schema */
export function render(schema) {
  const json = toJsonSchema(schema, { target: "draft-07" });
  return `${JSON.stringify({ title: "sparring train", ...json }, null, 2)}\n`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { configSchema } = await import("../dist/run/file-schema.js");
  writeFileSync(target, render(configSchema));
}
