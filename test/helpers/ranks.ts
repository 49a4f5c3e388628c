// Ranks as processes of this machine, over loopback, as a launcher would start them.
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type Ended, mainFile, type Started, start } from "./cli.js";

const child = fileURLToPath(new URL("../distributed/child.mjs", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** What the launcher tells a rank. */
export function rankEnvironment(rank: number, size: number, port: number): NodeJS.ProcessEnv {
  return {
    RANK: String(rank),
    WORLD_SIZE: String(size),
    LOCAL_RANK: String(rank),
    MASTER_ADDR: "127.0.0.1",
    MASTER_PORT: String(port),
    OMP_NUM_THREADS: "1",
  };
}

/**
 * Opens once so many have come to its port. On a busy machine one process starts seconds after
 * another: ranks that wait for each other for two or three would not meet.
 */
async function makeGate(count: number): Promise<{ readonly port: number; open(): void }> {
  const guests: Socket[] = [];
  const open = () => {
    server.close();
    for (const guest of guests) guest.end();
  };
  const server = createServer((guest) => {
    if (guests.push(guest.on("error", () => {})) === count) open();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, open };
}

/**
 * Starts test/distributed/child.mjs as every rank. All of them have loaded before the first joins.
 *
 * @param what its first argument, for each rank
 * @param env what single ranks are told instead, by rank
 */
export async function startRanks(
  size: number,
  what: string | readonly string[],
  given: unknown,
  env: Readonly<Record<number, NodeJS.ProcessEnv>> = {},
): Promise<Started[]> {
  const port = await freePort();
  const gate = await makeGate(size);
  const ranks = Array.from({ length: size }, (_, rank) =>
    start(
      process.execPath,
      [child, typeof what === "string" ? what : (what[rank] as string), JSON.stringify(given)],
      root,
      {
        ...rankEnvironment(rank, size, port),
        SPARRING_TEST_GATE: String(gate.port),
        ...env[rank],
      },
    ),
  );
  // Nobody waits for one that will not come.
  for (const { ended } of ranks) void ended.then(gate.open, gate.open);
  return ranks;
}

/** Starts `sparring` as every rank. @param own what single ranks are told instead, by rank */
export async function startCliRanks(
  size: number,
  words: string,
  cwd: string,
  own: Readonly<Record<number, { words?: string; env?: NodeJS.ProcessEnv }>> = {},
): Promise<Started[]> {
  const port = await freePort();
  return Array.from({ length: size }, (_, rank) =>
    start(process.execPath, [mainFile, ...(own[rank]?.words ?? words).split(" ")], cwd, {
      ...rankEnvironment(rank, size, port),
      ...own[rank]?.env,
    }),
  );
}

/** The same, started and awaited. */
export async function runCliRanks(...given: Parameters<typeof startCliRanks>): Promise<Ended[]> {
  return allEnded(await startCliRanks(...given));
}

/** Their ends. */
export function allEnded(ranks: readonly Started[]): Promise<Ended[]> {
  return Promise.all(ranks.map(({ ended }) => ended));
}

/** The same, started and awaited. */
export async function runRanks(...given: Parameters<typeof startRanks>): Promise<Ended[]> {
  return allEnded(await startRanks(...given));
}

/** One process that knows of no others. */
export function runAlone(what: string, given: unknown): Promise<Ended> {
  return start(process.execPath, [child, what, JSON.stringify(given)], root).ended;
}
