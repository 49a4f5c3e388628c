// A server of two runs, `a` and the newer `sweep/b`; beside their folder lies a secret.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { RunCard } from "../../lib/dashboard/page/protocol.js";
import { startDashboard } from "../../lib/dashboard/serve.js";
import { ask, config, line, writeRun } from "./dashboard.js";
import { makeFolder } from "./folder.js";

/** The server, its folder and ways to ask it, until the tests of the file have ended. */
export async function serveRuns() {
  const folder = await makeFolder();
  const at = (...parts: string[]) => join(folder.path, "runs", ...parts);
  await writeRun(at("a"), { samples: [0, 50, 100], stats: line(50) + line(100) });
  await writeRun(at("sweep", "b"), { config: { ...config, started: "2026-02-02T03:04:05.000Z" } });
  await writeFile(join(folder.path, "secret.png"), "secret");
  const dashboard = await startDashboard({ folder: at(), port: 0 }, String);
  afterAll(async () => {
    await dashboard[Symbol.asyncDispose]();
    await folder.remove();
  });
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask(dashboard.port, path, { headers });
  const cardOf = async (id: string): Promise<RunCard> =>
    (await get("/api/runs")).json.runs.find((run: RunCard) => run.id === id);
  return { folder, dashboard, at, get, cardOf };
}

/** Longer than a list of runs is kept. */
export const aMoment = () => new Promise((resolve) => setTimeout(resolve, 800));
