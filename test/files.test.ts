// Files that are written whole or not at all, and read line by line.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { linesIn, writeWhole, writeWholeWith } from "../lib/files.js";
import { withFolder } from "./helpers/networks.js";

/** What the system says of a disk that is full. */
const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
  ...{ code: "ENOSPC", syscall: "write" },
});

it.each([
  [
    "the system's is about the file",
    full,
    { code: "ERR_OUTPUT", message: expect.stringMatching(/\(the disk is full\)$/), cause: full },
  ],
  ["any other is the work's own", new RangeError("no image"), new RangeError("no image")],
])(
  "an error of the work that fills a file: %s; the file stays as it was",
  async (_, error, told) => {
    await withFolder(async (folder) => {
      const path = join(folder, "file");
      await writeWhole(path, ["before"]);
      const work = writeWholeWith(path, async (file) => {
        await file.writeFile("half");
        throw error;
      });
      expect(await work.catch((reason) => reason)).toMatchObject(told);
      expect(await readdir(folder)).toEqual(["file"]);
      expect(await readFile(path, "utf8")).toBe("before");
    });
  },
);

it.each([
  ["ends with a line", "a\nb\n", ["a", "b"]],
  ["ends within one", "a\nb", ["a", "b"]],
  ["has empty ones, and one that U+2028 is in", "\n\na\u2028b\n", ["", "", "a\u2028b"]],
  ["has one that is longer than a read", `${"a".repeat(200_000)}\nb`, ["a".repeat(200_000), "b"]],
  ["is empty", "", []],
])("lines of a file that %s", async (_, text, lines) => {
  await withFolder(async (folder) => {
    const path = join(folder, "lines");
    await writeFile(path, text);
    const found: string[] = [];
    await linesIn(path, (line) => found.push(line));
    expect(found).toEqual(lines);
  });
});

it("there are no lines where there is no file", async () => {
  await withFolder(async (folder) => {
    await linesIn(join(folder, "none"), () => expect.unreachable());
  });
});
