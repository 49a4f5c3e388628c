// One set-up at a time for one folder. The lock is a socket in Linux's abstract namespace: the
// kernel frees it when its process ends, however it ends, so there is never a stale lock to
// recognise and clean up.
import { createHash } from "node:crypto";
import { createServer, connect } from "node:net";

/**
 * Runs `action` while no other process runs one for the same name.
 * @template Result
 * @param {string} name usually the path of the folder that must not be written twice
 * @param {() => Promise<Result>} action
 * @param {() => void} [onWait] called once where another process has to be waited for
 * @returns {Promise<Result>}
 */
export async function withLock(name, action, onWait = () => {}) {
  const path = `\0sparring-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
  let server = await listen(path);
  if (!server) onWait();
  while (!server) {
    await released(path);
    server = await listen(path);
  }
  try {
    return await action();
  } finally {
    // Waiting processes notice the end of their connection.
    for (const socket of server.waiting) socket.destroy();
    server.close();
  }
}

/** The server that holds the lock, or null where another process does. */
function listen(path) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = createServer((socket) => waiting.add(socket.on("error", () => {})));
    server.on("error", (error) => (error.code === "EADDRINUSE" ? resolve(null) : reject(error)));
    server.listen(path, () => resolve(Object.assign(server, { waiting })));
    server.unref();
  });
}

/**
 * Resolves once the holder has let go: it never writes, so the connection's only event is its end.
 */
function released(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", () => {}).on("close", () => resolve());
    socket.resume();
  });
}
