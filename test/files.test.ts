// Files that are written whole or not at all, and read line by line.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { linesIn, writeFolder, writeWhole, writeWholeWith } from "../lib/files.js";
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

it("a folder that cannot be made is refused before its files are", async () => {
  await withFolder(async (folder) => {
    await mkdir(join(folder, "there"));
    await writeFile(join(folder, "there", "thesis.tex"), "42");
    const made = async () => expect.unreachable();
    for (const [place, why] of [
      ["there", "it exists already"],
      ["there/thesis.tex", "it is a file"],
      ["there/thesis.tex/inside", "it exists already"],
    ] as const) {
      const path = join(folder, place);
      await expect(writeFolder(path, made)).rejects.toMatchObject({
        code: "ERR_OUTPUT",
        message: `Expected a new folder that can be written for path but received "${path}" (${why})`,
      });
    }
    await expect(writeFolder("/proc/nothing/here", made)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
    });
    expect(await readdir(folder)).toEqual(["there"]);
  });
});

it("what the making of its files throws is thrown as it is, and no folder appears", async () => {
  await withFolder(async (folder) => {
    const error = new RangeError("no tensor");
    const work = writeFolder(join(folder, "new"), () => Promise.reject(error));
    expect(await work.catch((reason) => reason)).toBe(error);
    expect(await readdir(folder)).toEqual([]);
  });
});

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
