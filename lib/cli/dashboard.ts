// `sparring dashboard`: a folder of runs in, a page on this machine out.
import type { Command } from "commander";
import { defaultPort } from "../dashboard/port.js";
import type { DashboardRequest } from "../dashboard/serve.js";
import { createCommand, type Options } from "./command.js";
import { exitCodes } from "./exit.js";
import { flag, numberFlag, toFlag } from "./options.js";
import { tell } from "./tell.js";

const examples = `
The page shows runs side by side, finished or not: curves, samples, plans, and
what lies in the latent space of their generators. New runs appear by
themselves. Only this machine can open it; from another, use a tunnel:
  ssh -L ${defaultPort}:127.0.0.1:${defaultPort} machine

Examples:
  sparring dashboard                      the runs in runs
  sparring dashboard runs/seven           one of them
  sparring dashboard sweep --port 8080    at http://127.0.0.1:8080/
  sparring train --dashboard              the run that is being trained

Ctrl+C ends it. Exit codes: 0 ended, 1 failed, 2 bad input.`;

const options = [
  numberFlag("--port <n>", "where to listen, 0 for any free port", `${defaultPort}, or any free`),
  flag("--json", "print the address as one JSON object"),
];

export function dashboardCommand(onExit: (code: number) => void): Command {
  return createCommand({
    name: "dashboard",
    description: "Show runs on a web page, live.",
    argument: ["[folder]", "a run, or a folder of runs", "runs"],
    options,
    examples,
  }).action(async (folder: string, { json, ...request }: Options) => {
    await serve({ ...request, folder }, json);
    onExit(exitCodes.ok);
  });
}

/** Serves until a signal comes, the training that started it ends, or its address is lost. */
async function serve(request: DashboardRequest, json: unknown): Promise<void> {
  // Loaded when first needed: the other commands do without a server.
  const { startDashboard } = await import("../dashboard/serve.js");
  await using dashboard = await startDashboard(request, nameOf);
  const { url, port, folder } = dashboard;
  // Listens before it says that it is there: a signal may follow at once.
  const ended = new Promise<void>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "disconnect"]) process.once(name, () => resolve());
    // Nobody learns where it is; output.ts says why. Who has read it may leave.
    process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code !== "EPIPE") resolve();
    });
  });
  if (process.send !== undefined) process.send({ url });
  else
    tell(
      { url, port, folder },
      json,
      () => `The dashboard of ${folder} is at ${url} (Ctrl+C ends it)`,
    );
  await ended;
  // The channel to the training that started it would keep the process alive.
  if (process.connected) process.disconnect();
}

const nameOf = (option: keyof DashboardRequest) =>
  option === "folder" ? "the folder" : toFlag(option);
