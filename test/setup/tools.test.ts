import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkNode, checkPlatform, checkTools } from "../../scripts/setup/tools.mjs";
import { fakeProgram, temporaryFolder } from "./helpers.js";

/** A PATH with nothing on it but these programs, each of which prints a line. */
function machine(programs: Record<string, string>, CXX?: string) {
  const folder = temporaryFolder();
  for (const [name, line] of Object.entries(programs)) fakeProgram(folder, name, `echo "${line}"`);
  return { PATH: folder, CXX };
}

const cmake = "cmake version 3.25.1";
const debian = "g++ (Debian 12.2.0-14+deb12u1) 12.2.0";

describe("missing tools", () => {
  it("are named together, each with the command that installs it", async () => {
    await expect(checkTools(machine({ dnf: "" }))).rejects.toThrow(
      [
        "Expected g++ 11 or newer, or clang++ 14 or newer, for the C++ compiler but received none; install it: sudo dnf install gcc-c++",
        "Expected version 3.20.0 or newer for CMake but received none; install it: sudo dnf install cmake",
        "Expected ninja or make for a build tool but received none; install it: sudo dnf install ninja-build",
      ].join("\n"),
    );
  });

  it("include those that are too old", async () => {
    const old = machine({ "g++": "g++ (GCC) 10.2.1", cmake: "cmake version 3.16.3", make: "" });
    await expect(checkTools(old)).rejects.toThrow(
      /received g\+\+ 10\.2\.1; .*\n.*for CMake but received 3\.16\.3;/,
    );
  });

  it("include a compiler that CXX names and that does not run", async () => {
    const named = machine({ "g++": debian, cmake, ninja: "" }, "icpx");
    await expect(checkTools(named)).rejects.toThrow(
      "for CXX but received icpx, which does not run;",
    );
  });

  it("include an old Node.js", () => {
    expect(() => checkNode("18.20.4")).toThrow(
      "Expected version 20.17.0 or newer for Node.js but received 18.20.4",
    );
    expect(() => checkNode("20.17.0")).not.toThrow();
  });
});

describe("the platform", () => {
  it.each([
    [{ platform: "darwin", arch: "arm64" }, "darwin arm64"],
    [{ platform: "win32", arch: "x64" }, "win32 x64"],
    [{ platform: "linux", arch: "arm64", glibc: "2.36" }, "linux arm64"],
    [{ platform: "linux", arch: "x64" }, "linux x64 without glibc"],
  ])("%j is refused", (platform, received) => {
    expect(() => checkPlatform(platform as never)).toThrow(
      `Expected Linux on x86-64 with glibc for the platform but received ${received}`,
    );
  });

  it("is accepted where these tests run", () => {
    expect(() => checkPlatform()).not.toThrow();
  });
});

describe("present tools", () => {
  it.each([
    [debian, "g++ 12.2.0"],
    ["g++ (GCC) 11.5.0 20240719 (Red Hat 11.5.0-2)", "g++ 11.5.0"],
    ["g++ (crosstool-NG 1.25.0) 12.2.0", "g++ 12.2.0"],
    ["Debian clang version 14.0.6", "clang++ 14.0.6"],
  ])("are recognised in %j", async (line, label) => {
    const tools = await checkTools(machine({ "g++": line, cmake, ninja: "" }));
    expect(tools.label).toBe(`${label}, CMake 3.25.1, Ninja`);
  });

  it("give way to what CXX names, parameters and all", async () => {
    const named = machine(
      { "g++": debian, wrap: "clang version 17.0.1", cmake, make: "" },
      "wrap clang++",
    );
    const tools = await checkTools(named);
    expect(tools).toMatchObject({ compiler: "wrap clang++", generator: "Unix Makefiles" });
    expect(tools.launcher).toBeNull();
  });

  it("include ccache, but not one whose folder cannot be written: it would compile nothing", async () => {
    const tools = { "g++": debian, cmake, ninja: "" };
    const launcher = async (folder: string) =>
      (await checkTools(machine({ ...tools, ccache: folder }))).launcher;
    const folder = temporaryFolder();
    expect(await launcher(folder)).toMatch(/\/ccache$/);
    expect(await launcher(join(folder, "not/made/yet"))).toMatch(/\/ccache$/);
    await writeFile(join(folder, "file"), "");
    expect(await launcher(join(folder, "file/folder"))).toBeNull();
    const homeless = machine(tools);
    fakeProgram(homeless.PATH, "ccache", "echo 'Could not determine home directory' >&2; exit 1");
    expect((await checkTools(homeless)).launcher).toBeNull();
  });
});
