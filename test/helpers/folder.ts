import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder for the tests of a file; remove() it in afterAll. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "sparring-test-")));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
