// Loading the addon: every way it can be wrong ends in a sentence with the command that mends it.
import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { addon, load, noLibtorch, toSparringError } from "../lib/addon.js";
import { architectures, Discriminator, SparringError } from "../lib/index.js";
import { madeImages, withFolder } from "./helpers/networks.js";
import { asNobody } from "./helpers/nobody.js";

const built = fileURLToPath(new URL("../build/Release/sparring.node", import.meta.url));

/** A build folder whose addon says it was built for a libtorch of the given version. */
async function buildFolder(folder: string, version: string, found?: string): Promise<string> {
  const libtorch = join(folder, "libtorch");
  const headers = join(libtorch, "include/torch/headeronly");
  await mkdir(headers, { recursive: true });
  if (found !== undefined) {
    const [major, minor, patch] = found.split(".");
    const lines = [`MAJOR ${major}`, `MINOR ${minor}`, `PATCH ${patch}`];
    const text = lines.map((line) => `#define TORCH_VERSION_${line}`).join("\n");
    await writeFile(join(headers, "version.h"), text);
  }
  const build = { libtorch: { directory: libtorch, version, cuda: null } };
  await writeFile(join(folder, "build.json"), JSON.stringify(build));
  return folder;
}

function failure(folder: string): SparringError {
  try {
    load(folder);
  } catch (error) {
    return error as SparringError;
  }
  throw new Error("Expected a refusal");
}

describe("an addon that cannot be loaded", () => {
  it("says so where it was never built", async () => {
    await withFolder(async (folder) => {
      const error = failure(folder);
      expect(error).toMatchObject({ name: "SparringError", code: "ERR_LIBTORCH" });
      expect(error.message).toBe(
        `The native addon has not been built (no build.json in ${folder}); run \`npx sparring setup\`, or, where a bundler took Sparring in, leave \`sparring\` external`,
      );
    });
  });

  it("says so where its libtorch has gone", async () => {
    await withFolder(async (folder) => {
      const error = failure(await buildFolder(folder, "2.13.0"));
      expect(error.code).toBe("ERR_LIBTORCH");
      expect(error.message).toMatch(
        /^Expected libtorch 2\.13\.0 in .* but received none: it is not there any more; run `npx sparring setup`/,
      );
    });
  });

  it("says so where its libtorch is another user's, as that of a package that root installed", () => {
    const directory = "/var/cache/sparring/libtorch/2.13.0+cpu/torch";
    const build = { libtorch: { directory, version: "2.13.0", cuda: null } };
    const { code, message } = noLibtorch(build, "EACCES");
    expect(code).toBe("ERR_LIBTORCH");
    expect(message).toBe(
      `Expected libtorch 2.13.0 in ${directory} but received none: it cannot be read by this user; install Sparring again with XDG_CACHE_HOME set to a folder that every user can read`,
    );
  });

  it("says so where Node may not read its libtorch", () => {
    const build = { libtorch: { directory: "/var/torch", version: "2.13.0", cuda: null } };
    expect(noLibtorch(build, "ERR_ACCESS_DENIED").message).toBe(
      "Expected libtorch 2.13.0 in /var/torch but received none: it cannot be read under --permission; start Node with --allow-fs-read=/var/torch",
    );
  });

  it("tells a closed folder from none", async () => {
    await withFolder(async (folder) => {
      const build = await buildFolder(folder, "2.13.0", "2.13.0");
      await chmod(folder, 0o755);
      await chmod(join(folder, "libtorch"), 0);
      const { message } = await asNobody(() => failure(build));
      await chmod(join(folder, "libtorch"), 0o700);
      expect(message).toContain("but received none: it cannot be read by this user; ");
    });
  });

  it("says so where another libtorch stands in its place, before that is opened", async () => {
    await withFolder(async (folder) => {
      const error = failure(await buildFolder(folder, "2.13.0", "2.14.1"));
      expect(error.message).toMatch(
        /^Expected libtorch 2\.13\.0, which the addon was built for, in .* but received 2\.14\.1; run `npx sparring setup`/,
      );
    });
  });

  it("says so where the file is no addon", async () => {
    await withFolder(async (folder) => {
      await buildFolder(folder, "2.13.0", "2.13.0");
      await writeFile(join(folder, "sparring.node"), "not a library");
      expect(failure(folder).message).toMatch(
        /^The native addon cannot be loaded: .*; run `npx sparring setup --force`$/,
      );
    });
  });

  it.each([
    ["sparring.node", "run `npx sparring setup --force`"],
    ["waiting.node", "run `npx sparring setup --force`"],
    ["libtorch/lib/libtorch_cpu.so", "delete FOLDER/libtorch and run `npx sparring setup`"],
    ["libtorch/lib/libc10.so", "delete FOLDER/libtorch and run `npx sparring setup`"],
  ])("says so where %s is cut short, which would end the process", async (name, cure) => {
    await withFolder(async (folder) => {
      await buildFolder(folder, "2.13.0", "2.13.0");
      await mkdir(join(folder, "libtorch/lib"));
      const path = join(folder, name);
      await copyFile(built, path);
      await truncate(path, 100_000);
      expect(failure(folder).message).toBe(
        `The native addon cannot be loaded: ${path} is cut short; ${cure.replace("FOLDER", folder)}`,
      );
    });
  });

  it("says what to do where Node was told to load no addons", () => {
    const dist = new URL("../dist/addon.js", import.meta.url);
    const code = `import("${dist}").then(({ addon }) => addon()).catch((e) => console.log(e.message))`;
    expect(execFileSync(process.execPath, ["--no-addons", "-e", code], { encoding: "utf8" })).toBe(
      "The native addon cannot be loaded: Cannot load native addon because loading addons is disabled; start Node without --no-addons, or with --allow-addons under --permission\n",
    );
  });

  it("says so where the working folder has been removed, in which MKL would abort", async () => {
    const dist = new URL("../dist/index.js", import.meta.url);
    const code = `
      import { rmdirSync } from "node:fs";
      import { architectures, Generator } from "${dist}";
      rmdirSync(process.cwd());
      const architecture = architectures.mlp({ latent: { noise: 4 }, image: [1, 8, 8] });
      const draw = async () => new Generator(architecture).sample(2);
      await draw().catch(({ code, message }) => console.log(code, message));
      process.chdir("/");
      console.log((await draw()).count);`;
    await withFolder(async (cwd) => {
      const parameters = ["--input-type=module", "-e", code];
      expect(execFileSync(process.execPath, parameters, { cwd, encoding: "utf8" })).toBe(
        "ERR_LIBTORCH The native addon cannot be loaded: the working folder of this process has been removed; start it anew, or change to another folder with process.chdir()\n2\n",
      );
    });
  });

  it("goes by the libtorch that the process really runs on, wherever build.json points", async () => {
    await withFolder(async (folder) => {
      await buildFolder(folder, "2.12.0", "2.12.0");
      await copyFile(built, join(folder, "sparring.node"));
      // The copy finds the real libtorch by its own path, and that is the one it was compiled for.
      expect(load(folder).libtorchVersion).toBe(addon().libtorchVersion);
    });
  });

  it("keeps its code through an asynchronous call", () => {
    const error = new SparringError("ERR_LIBTORCH", "x");
    expect(toSparringError(error)).toBe(error);
    expect(toSparringError(new Error("odd"))).toMatchObject({ code: "ERR_NATIVE", message: "odd" });
  });
});

describe("native memory", () => {
  // process.memoryUsage() shows array buffers alone.
  const external = () => addon().externalMemory();

  it("is told to V8 while a network lives, and given back when it is disposed", () => {
    const image = [1, 64, 64];
    const before = external();
    const discriminator = new Discriminator(architectures.mlp({ image }));
    const bytes = 4 * discriminator.parameterCount;
    expect(external() - before).toBeGreaterThanOrEqual(bytes);
    discriminator.dispose();
    discriminator.dispose();
    expect(Math.abs(external() - before)).toBeLessThan(bytes / 10);
  });

  it("is told to V8 while a dataset lives, too", async () => {
    const before = external();
    const dataset = await madeImages(1000, 64);
    const told = external();
    dataset.dispose();
    expect(told - external()).toBe(1000 * 64 * 64);
    expect(told - before).toBeGreaterThanOrEqual(1000 * 64 * 64);
  });

  it("does not grow over building and disposing again and again", async () => {
    const once = async () => {
      using discriminator = new Discriminator(architectures.mlp({ image: [1, 64, 64] }));
      await discriminator.ready();
    };
    for (let i = 0; i < 10; ++i) await once();
    const before = process.memoryUsage.rss();
    // 60 networks of 9 MB: half a gigabyte if none were freed.
    for (let i = 0; i < 60; ++i) await once();
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1024 * 1024);
  });
});
