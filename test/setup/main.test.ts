// What the set-up looks at before it does anything that takes long.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../../scripts/setup/main.mjs";
import * as stamps from "../../scripts/setup/stamp.mjs";
import { asNobody } from "../helpers/nobody.js";
import { fakeLibtorch, silentReport, temporaryFolder, writeFiles } from "./helpers.js";

/** What it says, and ends with, in a package that is not built. */
async function setUp(root: string, argv: string[] = []) {
  const report = silentReport();
  return { code: await main(argv, { root, report }), lines: report.lines };
}

it("the set-up refuses a build folder that is none, before it looks for tools or a libtorch", async () => {
  const root = temporaryFolder();
  writeFiles(root, { "package.json": "{}", build: "" });
  const sentence = `\nExpected a folder that can be written for the build but received ${join(root, "build")} (it is not a folder)\n`;
  expect(await setUp(root)).toEqual({ code: 1, lines: [sentence] });
});

it.each([[["build"]], [["build", "build/Release"]], [["build/Release"]]])(
  "the set-up refuses %j that another user owns",
  async (owned) => {
    const root = temporaryFolder();
    chmodSync(root, 0o755);
    writeFiles(root, { "package.json": "{}" });
    for (const folder of owned) mkdirSync(join(root, folder), { recursive: true });
    // What is made on the way is anybody's.
    chmodSync(join(root, "build"), 0o777);
    for (const folder of owned) chmodSync(join(root, folder), 0o555);
    const { code, lines } = await asNobody(() => setUp(root));
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining("(this user may not write there)")]);
  },
);

describe("a native build that fails", () => {
  /** A package that was built before one of its sources became wrong. */
  function changed() {
    const root = temporaryFolder();
    const directory = fakeLibtorch(temporaryFolder());
    const libtorch = { directory, version: "2.13.0", cuda: null, label: "2.13.0 (cpu)" };
    writeFiles(root, {
      "package.json": "{}",
      "native/addon.cc": "right",
      "node_modules/cmake-js/package.json": "{}",
      "node_modules/cmake-js/bin/cmake-js": "process.exitCode = 1;",
      [stamps.addon]: "built",
    });
    const stamp = { sparring: "0.1.0", libtorch, compiler: "g++", inputs: stamps.hashInputs(root) };
    stamps.writeStamp(root, stamp);
    writeFiles(root, { "native/addon.cc": "wrong" });
    return { root, stamp };
  }

  it("leaves the addon that is there with its stamp, and the same sources are up to date", async () => {
    const { root, stamp } = changed();
    expect((await setUp(root)).code).toBe(1);
    expect(stamps.readStamp(root)).toEqual(stamp);
    writeFiles(root, { "native/addon.cc": "right" });
    expect(await setUp(root)).toEqual({ code: 0, lines: ["up to date, libtorch 2.13.0 (cpu)"] });
  });

  it("leaves no stamp of an addon that --force does not trust", async () => {
    const { root } = changed();
    expect((await setUp(root, ["--force"])).code).toBe(1);
    expect(stamps.readStamp(root)).toBeNull();
  });
});

it("the set-up refuses another platform before anything else", async () => {
  const real = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
  Object.defineProperty(process, "platform", { ...real, value: "darwin" });
  try {
    const { code, lines } = await setUp(temporaryFolder());
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/for the platform but received darwin x64\n$/)]);
  } finally {
    Object.defineProperty(process, "platform", real);
  }
});
