// A native library that the loader refuses: what mends it, by what this machine is.
import { copyFile, mkdir, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it, vi } from "vitest";
import { cureOf, isCutShort } from "../lib/loading.js";
import { withFolder } from "./helpers/networks.js";

const unmapped = new Error("libtorch_cpu.so: failed to map segment from shared object");
const folders = ["/srv/app/build/Release", "/var/cache/torch/lib"];
const unlimited =
  "Max address space         unlimited            unlimited            bytes     \n";
const elsewhere = "mount it without that, or set Sparring up in another place";

/** What mends a library that cannot be mapped, on a machine with these files in /proc/self. */
function cured(mounts: string, limits = unlimited, among = folders): Promise<string> {
  return withFolder(async (root) => {
    await mkdir(join(root, "proc/self"), { recursive: true });
    await writeFile(join(root, "proc/self/mounts"), mounts);
    await writeFile(join(root, "proc/self/limits"), limits);
    return cureOf(unmapped, among, { root });
  });
}

it.each([
  ["where the addon is", "/srv/app", folders[0]],
  ["where its libtorch is", "/var/cache", folders[1]],
  ["that is the root", "/", folders[0]],
])("names a mount without programs, %s", async (_, point, closed) => {
  const mounts = `overlay /usr overlay rw 0 0\ntmpfs ${point} tmpfs rw,nosuid,noexec,relatime 0 0\n`;
  expect(await cured(mounts)).toBe(`${closed} is mounted noexec: ${elsewhere}`);
});

it("goes by the innermost mount, and by the last of two at one place", async () => {
  const closed = "tmpfs /srv tmpfs noexec 0 0";
  const open = (point: string) => `ext4 ${point} ext4 rw 0 0`;
  expect(await cured(`${open("/srv/app")}\n${closed}\n`)).not.toContain("is mounted noexec");
  expect(await cured(`${closed}\n${open("/srv")}\n`)).not.toContain("is mounted noexec");
  expect(await cured(`${open("/srv")}\n${closed}\n`)).toContain("is mounted noexec");
  expect(await cured(`tmpfs /srv/ap tmpfs noexec 0 0\n`)).not.toContain("is mounted noexec");
});

it("knows a mount by the path that a link leads to, and by one with spaces", async () => {
  await withFolder(async (folder) => {
    await mkdir(join(folder, "a b"));
    await symlink(join(folder, "a b"), join(folder, "link"));
    const mounts = `tmpfs ${folder}/a\\040b tmpfs noexec 0 0\n`;
    const link = join(folder, "link");
    expect(await cured(mounts, unlimited, [link])).toBe(`${link} is mounted noexec: ${elsewhere}`);
  });
});

it("names a limit on the address space", async () => {
  const limits = "Max address space         1024000000           unlimited            bytes     \n";
  expect(await cured("", limits)).toBe(
    "this process has 1,024,000,000 bytes of address space (ulimit -v), which libtorch needs more of: raise that limit",
  );
});

it("names both where it can tell neither", async () => {
  expect(await cured("")).toBe(
    "a folder of /srv/app/build/Release and /var/cache/torch/lib does not let programs be run from it (noexec), or there is too little memory",
  );
});

it("has anything else built again", () => {
  const damaged = new Error("sparring.node: file too short");
  expect(cureOf(damaged, folders)).toBe("run `npx sparring setup --force`");
});

it("tells of memory where the loader got none", () => {
  const full = new Error("libtorch_cpu.so: cannot map zero-fill pages");
  expect(cureOf(full, folders)).toBe(
    "this process may have too little memory for libtorch: raise that limit (ulimit -d, ulimit -v)",
  );
});

const built = fileURLToPath(new URL("../build/Release/sparring.node", import.meta.url));

it("knows a library that lacks its end, if only a byte, from a whole one and from none", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "copy.node");
    await copyFile(built, path);
    const { size } = await stat(path);
    expect(isCutShort(path)).toBe(false);
    await truncate(path, size - 1);
    expect(isCutShort(path)).toBe(true);
    await truncate(path, 100);
    expect(isCutShort(path)).toBe(true);
    // The loader says of these that they are no libraries.
    await truncate(path, 63);
    expect(isCutShort(path)).toBe(false);
    await writeFile(path, "-".repeat(1000));
    expect(isCutShort(path)).toBe(false);
  });
});

afterEach(() => {
  delete (process.versions as { pnp?: string }).pnp;
  vi.resetModules();
});

it("names yarn under Plug'n'Play, where npx finds nothing", async () => {
  vi.resetModules();
  Object.assign(process.versions, { pnp: "3" });
  const { again, rebuild } = await import("../lib/loading.js");
  expect([rebuild, again]).toEqual([
    "run `yarn sparring setup`",
    "run `yarn sparring setup --force`",
  ]);
});
