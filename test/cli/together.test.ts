// Runs that start at the same moment, in the order that is rare.
import { mkdirSync } from "node:fs";
import type * as fs from "node:fs/promises";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { checkRunFolder } from "../../lib/run/folder.js";
import { makeFolder } from "../helpers/folder.js";

/** What another process makes as soon as this one has seen `looks` times that it is missing. */
const other = { makes: "", looks: 0 };

vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof fs>();
  const stat = (path: string) =>
    real.stat(path).catch((cause: unknown) => {
      if (path === other.makes && --other.looks === 0) mkdirSync(path);
      throw cause;
    });
  return { ...real, stat };
});

const folder = await makeFolder();
afterAll(() => folder.remove());

it.each([
  { chosen: true, looks: 1 },
  { chosen: false, looks: 1 },
  { chosen: false, looks: 2 },
])(
  "the folder of runs may be made by another run meanwhile (--out: $chosen, look $looks)",
  async ({ chosen, looks }) => {
    const runs = join(folder.path, `runs-${chosen}-${looks}`);
    Object.assign(other, { makes: runs, looks });
    await checkRunFolder({ path: join(runs, "mlp"), name: "--out", chosen });
    expect(await readdir(runs)).toEqual([]);
  },
);
