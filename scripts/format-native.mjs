#!/usr/bin/env node
// Checks the C++ against .clang-format; `--write` formats it. What others wrote
// (native/third_party) stays as it came.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The formatter's path. Packages are installed without their scripts, and this one's makes it
 * executable.
 */
function clangFormat() {
  const { clangFormatPath } = createRequire(import.meta.url)("clang-format-node");
  try {
    accessSync(clangFormatPath, constants.X_OK);
  } catch {
    chmodSync(clangFormatPath, 0o755);
  }
  return clangFormatPath;
}

/**
 * The sources that git knows or would offer to add: build products and scratch files are neither.
 */
function sources() {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "native"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  const ours = (path) => /\.(cc|h|cu|cuh)$/.test(path) && !path.startsWith("native/third_party/");
  return listed.split("\0").filter((path) => ours(path) && existsSync(join(root, path)));
}

function main(parameters) {
  const unknown = parameters.find((parameter) => parameter !== "--write");
  if (unknown) {
    console.error(`Expected --write or nothing for a format flag but received ${unknown}`);
    return 2;
  }
  const write = parameters.includes("--write");
  const files = sources();
  if (files.length === 0) return 0;
  const how = write ? ["-i"] : ["--dry-run", "--Werror", "--ferror-limit=1"];
  const { status } = spawnSync(clangFormat(), [...how, ...files], { cwd: root, stdio: "inherit" });
  if (status === 0 && !write) console.log(`${files.length} C++ files are formatted.`);
  if (status !== 0)
    console.error("Expected formatted C++ but received the above; run: npm run format");
  return status === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
