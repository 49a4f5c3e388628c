// What a launcher's variables say: which rank this process is, where the ranks meet, what may come again.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findLaunch, findPlace, isLaunched } from "../lib/distributed/environment.js";

const variables = { RANK: "3", WORLD_SIZE: "4", MASTER_ADDR: "node0", MASTER_PORT: "29500" };
const others = [
  ...["LOCAL_RANK", "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_MAX_RESTARTS"],
  ...["TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"],
];

beforeEach(() => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  for (const name of others) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the place of a rank", () => {
  const place = { rank: 3, worldSize: 4, masterAddress: "node0", masterPort: 29500 };

  it("is that of the variables, with the first GPU where nobody says which", () => {
    expect(findPlace({})).toEqual({ ...place, localRank: 0 });
    vi.stubEnv("LOCAL_RANK", "1");
    expect(findPlace({})).toEqual({ ...place, localRank: 1 });
  });

  it("is what a program says, as far as it says it", () => {
    vi.stubEnv("LOCAL_RANK", "1");
    const given = { rank: 0, masterAddress: "127.0.0.1" };
    expect(findPlace(given)).toEqual({ ...place, ...given, localRank: 1 });
    expect(findPlace({ localRank: 2 })).toEqual({ ...place, localRank: 2 });
  });

  it("takes digits for a host's name, as an address of one number is", () => {
    vi.stubEnv("MASTER_ADDR", "2130706433");
    expect(findPlace({}).masterAddress).toBe("2130706433");
    vi.stubEnv("MASTER_ADDR", "7");
    expect(findPlace({}).masterAddress).toBe("7");
  });

  it.each(["node-0.ranks_2.svc.cluster.local", "127.1", "::1", "fe80::1%eth0"])(
    "takes any name or address that may be one of a host: %s",
    (host) => {
      vi.stubEnv("MASTER_ADDR", host);
      expect(findPlace({}).masterAddress).toBe(host);
    },
  );

  it("is one wherever either variable is", () => {
    expect(isLaunched()).toBe(true);
    vi.stubEnv("RANK", undefined);
    expect(isLaunched()).toBe(true);
    vi.stubEnv("WORLD_SIZE", undefined);
    expect(isLaunched()).toBe(false);
  });
});

it.each([
  [{}, false, false],
  [{ TORCHELASTIC_USE_AGENT_STORE: "True" }, true, false],
  [{ TORCHELASTIC_USE_AGENT_STORE: "False" }, false, false],
  [{ TORCHELASTIC_MAX_RESTARTS: "3" }, false, true],
  [{ TORCHELASTIC_MAX_RESTARTS: "0" }, false, false],
  [{ TORCHELASTIC_MAX_RESTARTS: "many" }, false, false],
  [{ SLURM_RESTART_COUNT: "1" }, false, true],
  // Of several agents only that of the rank that failed has counted.
  [{ TORCHELASTIC_RESTART_COUNT: "1" }, false, false],
])("%j: an agent %s, may come again %s", (set, hasAgent, mayRestart) => {
  for (const [name, value] of Object.entries(set)) vi.stubEnv(name, value);
  expect(findLaunch()).toEqual({ hasAgent, mayRestart });
});
