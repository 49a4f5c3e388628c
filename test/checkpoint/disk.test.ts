// Disks that fail: what was saved before stays, and nothing half-written appears.
import type * as fs from "node:fs/promises";
import { mkdir, readdir } from "node:fs/promises";
import { constants } from "node:os";
import { basename, join } from "node:path";
import { getSystemErrorName } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { writeFolder, writeWhole } from "../../lib/files.js";
import { Trainer } from "../../lib/index.js";
import { RunFolder } from "../../lib/run/folder.js";
import { makeFolder } from "../helpers/folder.js";
import { fingerprintOf } from "../helpers/presets.js";
import { labelledImages, losses, tinyTrainer } from "../helpers/training.js";

// The operating system's errors, without its disks: `failing` says which call fails, and how.
const failing: { rename?: string; write?: string; sync?: string; syncOf?: string } = {};
/** What was asked of the disk, in order; paths by their last part. */
const asked: string[] = [];
const nameOf = (path: unknown) => basename(String(path)).replace(/^\.sparring-.*/, "temporary");
/** As Node throws it, which has no names for some. */
const refuse = (name: string) => {
  const errno = -constants.errno[name as keyof typeof constants.errno];
  const code = getSystemErrorName(errno);
  const syscall = "fsync";
  return Object.assign(new Error(`${code}: no, ${syscall}`), { code, errno, syscall });
};
vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof fs>();
  return {
    ...real,
    rename: async (...paths: Parameters<typeof real.rename>) => {
      if (failing.rename !== undefined) throw refuse(failing.rename);
      asked.push(`rename to ${nameOf(paths[1])}`);
      return real.rename(...paths);
    },
    open: async (...given: Parameters<typeof real.open>) => {
      const file = await real.open(...given);
      const { writeFile, sync } = file;
      let written = 0;
      file.writeFile = async (...content: Parameters<typeof writeFile>) => {
        // Part of it arrives, as on a disk that fills up.
        if (failing.write !== undefined && written++ > 0) throw refuse(failing.write);
        return writeFile.apply(file, content);
      };
      file.sync = async () => {
        const { syncOf = nameOf(given[0]) } = failing;
        if (failing.sync !== undefined && syncOf === nameOf(given[0])) throw refuse(failing.sync);
        asked.push(`sync ${nameOf(given[0])}`);
        return sync.apply(file);
      };
      return file;
    },
  };
});

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterEach(() => {
  for (const key of Object.keys(failing)) delete failing[key as keyof typeof failing];
});
afterAll(() => folder.remove());

describe("a checkpoint that cannot be written", () => {
  it.each<[string, typeof failing, string]>([
    ["a full disk", { sync: "ENOSPC" }, "the disk is full"],
    ["a quota that is used up", { sync: "EDQUOT" }, "the disk quota is used up"],
    ["a server that forgot it", { rename: "ESTALE" }, "its file server has lost it"],
    ["a rename that fails", { rename: "EPERM" }, "not permitted"],
    ["a file system that turned read-only", { rename: "EROFS" }, "the file system is read-only"],
  ])("%s: the one before stays, and the trainer goes on", async (name, how, why) => {
    const place = `${folder.path}/${name.replaceAll(" ", "-")}`;
    const [trainer, undisturbed] = [tinyTrainer(), tinyTrainer()];
    const data = await labelledImages(32);
    for (const one of [trainer, undisturbed]) await losses(one, data, 2);
    await trainer.save(`${place}/000002`);
    const before = await fingerprintOf(trainer);
    await losses(trainer, data, 2);
    Object.assign(failing, how);
    await expect(trainer.save(`${place}/000004`)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: `Expected a new folder that can be written for path but received "${place}/000004" (${why})`,
    });
    for (const key of Object.keys(how)) delete failing[key as keyof typeof failing];
    expect(await readdir(place)).toEqual(["000002"]);
    expect(await fingerprintOf(await Trainer.load(`${place}/000002`))).toBe(before);
    await losses(undisturbed, data, 2);
    expect(await losses(trainer, data, 2)).toEqual(await losses(undisturbed, data, 2));
    await trainer.save(`${place}/000006`);
  });
});

it("a run that could not begin leaves no folder, where its config had its name already, too", async () => {
  const path = join(folder.path, "unsynced");
  Object.assign(failing, { sync: "EIO", syncOf: "unsynced" });
  const place = { path, name: "--out", chosen: true };
  await expect(RunFolder.create(place, { steps: 1 })).rejects.toMatchObject({ code: "ERR_OUTPUT" });
  expect(await readdir(folder.path)).not.toContain("unsynced");
});

describe("what has its name is on the disk, with its name", () => {
  it("a file, which is there as it was where it cannot be", async () => {
    const place = join(folder.path, "files");
    await mkdir(place);
    asked.length = 0;
    await writeWhole(join(place, "best.json"), ["{}"]);
    expect(asked).toEqual(["sync temporary", "rename to best.json", "sync files"]);
    failing.rename = "EPERM";
    await expect(writeWhole(join(place, "best.json"), ["[]"])).rejects.toThrow("not permitted");
    expect(await readdir(place)).toEqual(["best.json"]);
  });

  it("a checkpoint, before it takes the place of an older one, and when it has", async () => {
    const trainer = tinyTrainer();
    await trainer.save(join(folder.path, "latest"));
    asked.length = 0;
    await trainer.save(join(folder.path, "latest"), { replace: true });
    const networks = ["generator.safetensors", "discriminator.safetensors"];
    const all = [...networks, "training.safetensors", "checkpoint.json"];
    expect(asked).toEqual([
      ...[...all, ".next.tmp"].map((name) => `sync ${name}`),
      ...["rename to .next", "sync latest"],
      ...all.slice(0, 3).map((name) => `rename to ${name}`),
      ...["sync latest", "rename to checkpoint.json", "sync latest"],
    ]);
  });

  it("a folder, when all that is in it is", async () => {
    asked.length = 0;
    const files = { a: ["a"], b: ["b"] };
    await writeFolder(join(folder.path, "folders", "000001"), async () => files);
    expect(asked).toEqual([
      ...["sync a", "sync b", "sync temporary", "rename to 000001", "sync folders"],
    ]);
  });
});
