// The dashboard as a server on this machine.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import * as check from "../check.js";
import { createApp } from "./app.js";
import { Explorer } from "./explorer/host.js";
import { checkPort, listen, loopback } from "./port.js";
import { Runs } from "./runs.js";

/** Milliseconds. Every request is short; only answers may go on for long. */
const slowestRequest = 10_000;

/** What is to be served, as a command line gives it: unchecked. */
export interface DashboardRequest {
  /** A run, or a folder of runs. */
  readonly folder?: unknown;
  /** 0 to 65535; 0 for any free one. @default 6464, or any free one */
  readonly port?: unknown;
}

/** What the user calls an option, for the sentences of errors: `--port`. */
export type DashboardNaming = (option: keyof DashboardRequest) => string;

export interface Dashboard extends AsyncDisposable {
  /** `http://127.0.0.1:6464/` */
  readonly url: string;
  readonly port: number;
  /** The folder that it shows, absolute. */
  readonly folder: string;
}

/**
 * Serves the page of a folder on 127.0.0.1, until it is disposed. Throws TypeError and RangeError,
 * also for a port that is taken, and ERR_DATA for a folder that is none.
 */
export async function startDashboard(
  request: DashboardRequest,
  naming: DashboardNaming,
): Promise<Dashboard> {
  const port = checkPort(request.port, naming("port"));
  const runs = await Runs.in(check.path(request.folder, naming("folder")), naming("folder"));
  const explorer = new Explorer();
  const ended = new AbortController();
  const token = randomBytes(24).toString("base64url");
  const app = createApp({ runs, explorer, token, signal: ended.signal });
  const server = createServer(
    { requestTimeout: slowestRequest, headersTimeout: slowestRequest },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  );
  await listen(server, port, naming("port"));
  const found = (server.address() as AddressInfo).port;
  return {
    url: `http://${loopback}:${found}/`,
    port: found,
    folder: runs.path,
    async [Symbol.asyncDispose]() {
      ended.abort();
      explorer[Symbol.dispose]();
      server.close();
      server.closeAllConnections();
    },
  };
}
