// Files written whole where sync() is refused: under Yarn's Plug'n'Play, and by Node 26 under
// --permission. What refuses stands in for both.
import type * as fs from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { readWhole, syncFolder, writeWhole } from "../lib/files.js";
import { openNew } from "../lib/sync.js";
import { withFolder } from "./helpers/networks.js";

const synced = vi.hoisted((): number[] => []);
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const fsync: typeof real.fsync = Object.assign((fd: number, done: fs.NoParamCallback) => {
    synced.push(fd);
    real.fsync(fd, done);
  }, real.fsync);
  return { ...real, fsync };
});

afterEach(() => {
  vi.restoreAllMocks();
  synced.length = 0;
});

/** The prototype of all handles, with one method replaced. */
async function withHandles(method: "sync" | "readFile", refuse: () => Promise<never>) {
  const handle = await open("/dev/null");
  const prototype: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  return vi.spyOn(prototype, method).mockImplementation(refuse);
}

async function written(): Promise<string> {
  return withFolder(async (folder) => {
    const path = join(folder, "file");
    await writeWhole(path, ["whole"]);
    return readFile(path, "utf8");
  });
}

it("syncs a file and its folder by their numbers where handles have no sync()", async () => {
  await withHandles("sync", () => {
    throw new Error("Method not implemented.");
  });
  expect(await written()).toBe("whole");
  expect(synced).toHaveLength(2);
});

it("writes where Node refuses to sync", async () => {
  const denied = Object.assign(new Error("fsync API is disabled"), { code: "ERR_ACCESS_DENIED" });
  await withHandles("sync", () => Promise.reject(denied));
  expect(await written()).toBe("whole");
  expect(synced).toEqual([]);
});

it("refuses where the disk does", async () => {
  const full = Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO", syscall: "fsync" });
  await withHandles("sync", () => Promise.reject(full));
  await expect(written()).rejects.toThrow(/^Expected a writable file for path but received .*i\/o/);
});

it("takes it that a file system may sync no folders", async () => {
  // One of those.
  await expect(syncFolder("/proc/self")).resolves.toBeUndefined();
});

it("has each write wait for the disk under --permission, and no other", async () => {
  const waits = () =>
    withFolder(async (folder) => {
      const file = await openNew(join(folder, "file"));
      const flags = await readFile(`/proc/self/fdinfo/${file.fd}`, "utf8");
      await file.close();
      // O_SYNC, in octal digits.
      return (Number.parseInt(/^flags:\s*(\d+)$/m.exec(flags)?.[1] ?? "", 8) & 0o4010000) !== 0;
    });
  expect(await waits()).toBe(false);
  vi.stubGlobal("process", Object.assign(Object.create(process), { permission: {} }));
  try {
    expect(await waits()).toBe(true);
  } finally {
    vi.unstubAllGlobals();
  }
});

it("reads a file, and one that tells no size, where handles in an archive have no readFile()", async () => {
  expect((await readWhole("/proc/self/status")).toString()).toMatch(/^Name:/);
  await withHandles("readFile", () => Promise.reject(new TypeError("list")));
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await writeWhole(path, ["whole"]);
    expect((await readWhole(path)).toString()).toBe("whole");
  });
});
