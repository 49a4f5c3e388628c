// Ranks on two machines: nothing is shared but a cable.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allEnded, runCliRanks, rankEnvironment } from "../helpers/ranks.js";
import { mainFile } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { makeHosts, type TwoHosts } from "../helpers/hosts.js";
import { writeIdxFolder } from "../helpers/idx.js";

const made = await makeHosts();
const missing = typeof made === "string" ? made : undefined;
// Beside the test's own word: reporters shorten that.
if (missing !== undefined) console.warn(`Two hosts are not tried: ${missing}`);

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
});
afterAll(async () => {
  if (typeof made !== "string") await made.remove();
  await folder.remove();
});

const train =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --checkpoint-every 5";

/** One rank on each host, both the first of their machine. */
function startThere(words: string, more: NodeJS.ProcessEnv = {}) {
  const { hosts } = made as TwoHosts;
  return hosts.map((host, rank) =>
    host.start(process.execPath, [mainFile, ...words.split(" ")], folder.path, {
      ...rankEnvironment(rank, 2, 29_500),
      LOCAL_RANK: "0",
      MASTER_ADDR: hosts[0].address,
      GLOO_SOCKET_IFNAME: host.interface,
      ...more,
    }),
  );
}

const title = missing === undefined ? "two hosts" : `two hosts (${missing})`;
describe.skipIf(missing !== undefined)(title, () => {
  it("train together, and end with the bytes of two ranks on one", async () => {
    for (const rank of await allEnded(startThere(`${train} --steps 20 --out apart`)))
      expect(rank).toMatchObject({ code: 0 });
    for (const rank of await runCliRanks(2, `${train} --steps 20 --out near`, folder.path))
      expect(rank).toMatchObject({ code: 0 });
    expect(await contentsOf(at("apart"))).toEqual(await contentsOf(at("near")));
  });

  it("that have no way to the store say what the system said", async () => {
    const [, end] = await allEnded(
      startThere(`${train} --steps 20 --timeout 1 --out none`, { MASTER_ADDR: "10.99.0.1" }),
    );
    expect(end).toMatchObject({ code: 1 });
    expect(end?.stderr).toBe(
      "rank 1: Expected a store for MASTER_ADDR and MASTER_PORT but received 10.99.0.1:29500 (Network is unreachable)\n",
    );
  });

  // Each machine has its own port for the store, but one of the stores is nobody's.
  it("that are both told to be rank 0 hear that it is there twice", async () => {
    const words = `${train} --steps 20 --timeout 5 --out none`;
    const ends = await allEnded(startThere(words, { RANK: "0" }));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
      [1, expect.stringContaining("within 5 s: rank 1 did not come\n")],
      [1, "rank 0: Expected one process for RANK 0 but received a second one\n"],
    ]);
  });

  it("go on where the link comes back within the timeout", async () => {
    const { hosts } = made as TwoHosts;
    const ranks = startThere(`${train} --steps 200 --timeout 30 --out mended`);
    await ranks[0]?.says(/\[Epoch 2\//);
    const cable = (state: string) =>
      hosts[1].start("ip", ["link", "set", hosts[1].interface, state], "/").ended;
    expect(await cable("down")).toMatchObject({ code: 0 });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await cable("up")).toMatchObject({ code: 0 });
    for (const rank of await allEnded(ranks)) expect(rank).toMatchObject({ code: 0 });
    for (const rank of await runCliRanks(2, `${train} --steps 200 --out still`, folder.path))
      expect(rank).toMatchObject({ code: 0 });
    expect(await contentsOf(at("mended"))).toEqual(await contentsOf(at("still")));
  });

  it("that lose the link between them both end, each with the name of the other", async () => {
    const { hosts } = made as TwoHosts;
    const ranks = startThere(`${train} --steps 1000000 --timeout 5 --out cut`);
    await ranks[0]?.says(/\[Epoch 2\//);
    const cable = (state: string) =>
      hosts[0].start("ip", ["link", "set", hosts[0].interface, state], "/").ended;
    expect(await cable("down")).toMatchObject({ code: 0 });
    const since = performance.now();
    const ends = await allEnded(ranks);
    // The timeout, a roll call, and the end of a process.
    expect((performance.now() - since) / 1000).toBeLessThan(20);
    expect(await cable("up")).toMatchObject({ code: 0 });
    for (const [rank, { code, stderr }] of ends.entries()) {
      expect(code).toBe(75);
      expect(stderr).toMatch(
        new RegExp(
          `^rank ${rank}: Expected rank ${1 - rank} to take part but received nothing: it has ended, or cannot be reached, or took longer than 5 s \\(.*\\)\\n$`,
          "m",
        ),
      );
    }
    const summary = JSON.parse(await readFile(at("cut/summary.json"), "utf8"));
    expect(summary).toMatchObject({ state: "failed", code: "ERR_RANK" });
  });
});
