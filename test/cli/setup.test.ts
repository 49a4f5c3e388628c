// `sparring setup`: the package's own set-up, wherever the package lies, for those whose package manager ran no script.
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mainFile, runCli, start } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

/** A package as it is installed: without lib/, whose scripts may be others. */
async function installed(name: string, setup?: string): Promise<string> {
  const copy = join(folder.path, name);
  await mkdir(join(copy, "scripts"), { recursive: true });
  for (const part of ["dist", "package.json", "scripts/setup", "scripts/setup.mjs"])
    await cp(join(root, part), join(copy, part), { recursive: true });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  if (setup !== undefined) await writeFile(join(copy, "scripts/setup.mjs"), setup);
  return join(copy, "dist/cli/main.js");
}

describe("sparring setup", () => {
  it("has the help of the set-up, under the name that an installed package has it by", async () => {
    const main = await installed("packed");
    const { code, stdout, stderr } = await start(
      process.execPath,
      [main, "setup", "--help"],
      folder.path,
    ).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Usage: npx sparring setup \[flags\]\n/);
  });

  it("has it under the name of a clone in a clone", async () => {
    const { code, stdout } = await runCli(["setup", "--help"], folder.path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run setup -- \[flags\]\n/);
  });

  it("hands its flags on, and ends as the set-up does", async () => {
    const main = await installed(
      "other",
      "console.log(process.argv.slice(2).join()); process.exitCode = 3;",
    );
    const args = [main, "setup", "--cuda", "--verbose"];
    const ended = await start(process.execPath, args, folder.path).ended;
    expect(ended).toEqual({ code: 3, stdout: "--cuda,--verbose\n", stderr: "" });
  });

  it("says so where Node may start no other program, and takes it for no bug", async () => {
    const flags = process.allowedNodeEnvironmentFlags;
    const flag = flags.has("--permission") ? "--permission" : "--experimental-permission";
    const args = ["--no-warnings", flag, "--allow-fs-read=*", mainFile, "setup"];
    const { code, stderr } = await start(process.execPath, args, folder.path).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Node refuses that under --permission: Access to this API .* \(ChildProcess\)\n$/,
    );
  });
});
