// The way of one rank to the store: what it says there is seen.
import { connect, createServer, type Socket } from "node:net";

export interface Door {
  /** The port on this machine that the rank takes for the store's. */
  readonly port: number;
  close(): void;
}

/**
 * Opens a way to the store at a port, which may be opened later.
 *
 * @param onWord is called once it has been passed on that the rank says a word: a key, in part
 */
export async function openDoor(to: number, word: string, onWord: () => void): Promise<Door> {
  const open = new Set<Socket>();
  const server = createServer((guest) => {
    open.add(guest);
    passOn(guest, to, word, onWord, open);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    close() {
      server.close();
      for (const one of open) one.destroy();
    },
  };
}

function passOn(guest: Socket, to: number, word: string, onWord: () => void, open: Set<Socket>) {
  guest.on("error", () => {});
  const reach = () => {
    const store = connect(to, "127.0.0.1");
    open.add(store);
    // Nobody is there yet.
    store.on("error", () => {
      if (!guest.destroyed) setTimeout(reach, 50);
    });
    store.on("connect", () => {
      store.removeAllListeners("error").on("error", () => {});
      store.on("data", (bytes) => guest.write(bytes));
      store.on("close", () => guest.destroy());
      guest.on("data", (bytes) => {
        const isSaid = bytes.includes(word);
        store.write(bytes, () => isSaid && onWord());
      });
      guest.on("close", () => store.destroy());
    });
  };
  reach();
}
