import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { withLock } from "../../scripts/setup/lock.mjs";
import { temporaryFolder } from "./helpers.js";

const lock = fileURLToPath(new URL("../../scripts/setup/lock.mjs", import.meta.url));

/** Another process that holds a lock until it is killed. */
async function holder(name: string): Promise<ChildProcess> {
  const code = `
    const { withLock } = await import(${JSON.stringify(lock)});
    await withLock(process.argv[1], async () => {
      console.log("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

it("the lock passes an error on, and is free again after it", async () => {
  const name = temporaryFolder();
  const failing = withLock(name, () => Promise.reject(new Error("no room")));
  await expect(failing).rejects.toThrow("no room");
  expect(await withLock(name, async () => "free")).toBe("free");
});

it("the lock waits for another process, however that one ends", async () => {
  const name = temporaryFolder();
  const child = await holder(name);
  let waited = false;
  let killed = false;
  const held = withLock(
    name,
    async () => killed,
    () => {
      waited = true;
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  killed = child.kill("SIGKILL");
  expect(await held).toBe(true);
  expect(waited).toBe(true);
});

it("the lock lets one in at a time", async () => {
  const name = temporaryFolder();
  let inside = 0;
  let most = 0;
  const enter = () =>
    withLock(name, async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    });
  await Promise.all(Array.from({ length: 8 }, enter));
  expect(most).toBe(1);
});
