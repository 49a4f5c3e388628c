// The port of the dashboard: what it may be, and whether it is free.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import * as check from "../check.js";
import { outOfRange, SparringError } from "../errors.js";
import { reason } from "../reason.js";

/** Where it listens unless asked otherwise; if another program has it, on any free port. */
export const defaultPort = 6464;
/** Only programs on this machine reach it. */
export const loopback = "127.0.0.1";

/** A port that was asked for, undefined if none was. Throws TypeError or RangeError. */
export function checkPort(port: unknown, name: string): number | undefined {
  return port === undefined ? undefined : check.integer(port, name, 0, 65_535);
}

/** Throws where a server could not listen there now. @param name what the user calls the port */
export async function checkFree(port: number | undefined, name: string): Promise<void> {
  const server = createServer();
  await listen(server, port, name);
  server.close();
  await once(server, "close");
}

/**
 * Listens on the port that was asked for; where none was, on the usual one, or any that is free.
 * Throws RangeError or ERR_OUTPUT.
 */
export async function listen(
  server: Server,
  port: number | undefined,
  name: string,
): Promise<void> {
  const error = await tryPort(server, port ?? defaultPort);
  if (error === undefined) return;
  if (port === undefined && (await tryPort(server, 0)) === undefined) return;
  if (error.code === "EADDRINUSE")
    throw outOfRange("a free port (another program listens there)", name, port);
  if (error.code === "EACCES") throw outOfRange("a port that this user may have", name, port);
  const message = `Expected a port that can be listened on for ${name} but received ${port} (${reason(error)})`;
  throw new SparringError("ERR_OUTPUT", message, { cause: error });
}

/** The error of the operating system where the port cannot be had. */
async function tryPort(server: Server, port: number): Promise<NodeJS.ErrnoException | undefined> {
  server.listen({ port, host: loopback });
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
