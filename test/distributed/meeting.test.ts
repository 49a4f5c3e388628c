// A rank that ends while the ranks meet: after it has come to the store, and before all are connected.
import { expect, it } from "vitest";
import { openDoor } from "../helpers/door.js";
import { allEnded, freePort, startRanks } from "../helpers/ranks.js";

it.each([
  ["has come, and another has not", 3, "/hello/1"],
  ["asks whether all have met", 2, "/begun"],
  ["tells its address", 3, "/sparring/1/0/1"],
  ["asks for the address of another", 2, "/sparring/1/0/0"],
])("a rank that is killed as it %s is named by the others, of %i: %s", async (_, size, word) => {
  const port = await freePort();
  const place = { MASTER_PORT: String(port) };
  let kill = () => {};
  const door = await openDoor(port, word, () => kill());
  const env = { ...Array(size).fill(place), 1: { MASTER_PORT: String(door.port) } };
  const ranks = await startRanks(size, "join", { timeout: 3 }, env);
  kill = () => ranks[1]?.child.kill("SIGKILL");
  const ends = await allEnded(ranks);
  door.close();
  for (const [rank, { code, stderr }] of ends.entries()) {
    if (rank === 1) continue;
    expect(code).toBe(1);
    // Gloo itself logs before it each try to connect to a rank that is gone.
    expect(stderr).toMatch(/^ERR_RANK: Expected rank 1 to take part but received nothing/m);
  }
});

it("rank 0, which keeps the store, is named as well", async () => {
  const port = await freePort();
  let kill = () => {};
  const door = await openDoor(port, "/hello/1", () => kill());
  // A third, which does not come: until then none of them connects.
  const place = { WORLD_SIZE: "3", MASTER_PORT: String(port) };
  const env = { 0: place, 1: { ...place, MASTER_PORT: String(door.port) } };
  const ranks = await startRanks(2, "join", { timeout: 30 }, env);
  kill = () => ranks[0]?.child.kill("SIGKILL");
  const [, one] = await allEnded(ranks);
  door.close();
  expect(one?.stderr).toMatch(
    /^ERR_RANK: Expected the store at MASTER_ADDR and MASTER_PORT, which rank 0 keeps, to stay until 3 ranks have met but received an error: /,
  );
});
