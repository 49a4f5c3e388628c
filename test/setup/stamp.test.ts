import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as stamps from "../../scripts/setup/stamp.mjs";
import { fakeLibtorch, temporaryFolder, writeFiles } from "./helpers.js";

/** A checkout in which everything is built. */
function builtCheckout() {
  const root = temporaryFolder();
  writeFiles(root, {
    "package.json": "{}",
    "CMakeLists.txt": "",
    "native/addon.cc": "int main() {}",
    "native/core/test/main.cc": "",
    "lib/index.ts": "",
    [stamps.addon]: "",
    [stamps.coreTests]: "",
    [stamps.command]: "",
  });
  const directory = fakeLibtorch(temporaryFolder());
  const libtorch = { directory, version: "2.13.0", cuda: null, label: "2.13.0 (cpu)" };
  const stamp = { sparring: "0.1.0", libtorch, compiler: "g++", inputs: stamps.hashInputs(root) };
  stamps.writeStamp(root, stamp);
  const native = (tests = true, environment = {}) =>
    stamps.nativeIsCurrent(root, stamps.readStamp(root), stamps.hashInputs(root), {
      tests,
      environment,
    });
  const typescript = () =>
    stamps.typescriptIsCurrent(root, stamps.readStamp(root), stamps.hashInputs(root));
  return { root, stamp, native, typescript };
}

describe("a stamp that cannot be trusted", () => {
  it.each(["", "{", "[]", '{"libtorch": {}}'])("reads %j as none", (text) => {
    const root = temporaryFolder();
    writeFiles(root, { "build/Release/build.json": text });
    expect(stamps.readStamp(root)).toBeNull();
  });

  it("makes nothing current where it is missing", () => {
    const { root, native, typescript } = builtCheckout();
    stamps.removeStamp(root);
    expect([native(), typescript()]).toEqual([false, false]);
  });
});

describe("what is current", () => {
  it("is everything, right after a build and in a fresh checkout of the same files", () => {
    const { root, native, typescript } = builtCheckout();
    utimesSync(join(root, "native/addon.cc"), 1, 1);
    expect([native(), typescript()]).toEqual([true, true]);
  });

  it.each([
    ["native/addon.cc", false, false, true],
    ["native/new.cc", false, false, true],
    ["cmake/node.cmake", false, false, true],
    ["native/core/test/main.cc", true, false, true],
    ["lib/index.ts", true, true, false],
    ["package-lock.json", false, false, false],
    ["README.md", true, true, true],
  ])("after a change of %s", (path, withoutTests, withTests, typescriptToo) => {
    const { root, native, typescript } = builtCheckout();
    writeFiles(root, { [path]: "changed" });
    expect([native(false), native(true), typescript()]).toEqual([
      withoutTests,
      withTests,
      typescriptToo,
    ]);
  });

  it("notices a file that was moved with its contents", () => {
    const { root, native } = builtCheckout();
    rmSync(join(root, "native/addon.cc"));
    writeFiles(root, { "native/other.cc": "int main() {}" });
    expect(native()).toBe(false);
  });

  it.each([stamps.addon, stamps.coreTests, stamps.command])(
    "does not hold without %s",
    (output) => {
      const { root, native, typescript } = builtCheckout();
      rmSync(join(root, output));
      expect(native() && typescript()).toBe(false);
    },
  );

  it("does not hold for another compiler in CXX", () => {
    const { native } = builtCheckout();
    expect(native(true, { CXX: "clang++" })).toBe(false);
    expect(native(true, { CXX: "g++" })).toBe(true);
  });

  it("needs no TypeScript where the package is installed without lib/", () => {
    const { root, typescript } = builtCheckout();
    rmSync(join(root, "lib"), { recursive: true });
    expect(typescript()).toBe(true);
  });
});

describe("the recorded libtorch", () => {
  const wish = { named: null, cuda: false };

  it("is right where nothing has changed", () => {
    expect(stamps.libtorchIsCurrent(builtCheckout().stamp, wish)).toBe(true);
  });

  it("is not right once it is gone", () => {
    const { stamp } = builtCheckout();
    rmSync(join(stamp.libtorch.directory, "lib"), { recursive: true });
    expect(stamps.libtorchIsCurrent(stamp, wish)).toBe(false);
  });

  it("is not right once another version lies in its place", () => {
    const { stamp } = builtCheckout();
    fakeLibtorch(stamp.libtorch.directory, "2.14.1");
    expect(stamps.libtorchIsCurrent(stamp, wish)).toBe(false);
  });

  it("is not right where LIBTORCH names another, or --cuda asks for what it is not", () => {
    const { stamp } = builtCheckout();
    const { directory } = stamp.libtorch;
    expect(stamps.libtorchIsCurrent(stamp, { named: { directory: "/other" }, cuda: false })).toBe(
      false,
    );
    expect(stamps.libtorchIsCurrent(stamp, { named: { directory }, cuda: false })).toBe(true);
    expect(stamps.libtorchIsCurrent(stamp, { named: null, cuda: true })).toBe(false);
  });
});

it("the stamp survives a set-up that is killed while it writes: the draft is not read", () => {
  const { root, stamp } = builtCheckout();
  writeFileSync(join(root, "build/Release/build.json.1"), '{"libtorch"');
  expect(stamps.readStamp(root)).toEqual(stamp);
});
