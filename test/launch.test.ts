// What a launcher's variables say: which rank this process is, where the ranks meet, what may come again.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  findLaunch,
  findPlace,
  findUnmet,
  isLaunched,
  rankName,
} from "../lib/distributed/environment.js";

const variables = { RANK: "3", WORLD_SIZE: "4", MASTER_ADDR: "node0", MASTER_PORT: "29500" };
const others = [
  ...["LOCAL_RANK", "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_MAX_RESTARTS"],
  ...["TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"],
  ...["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"],
  ...["PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"],
  ...["SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_STEP_ID"],
];

/** What the launchers with names of their own set for the fourth of six processes. */
const launchers = {
  "Open MPI's mpirun": {
    OMPI_COMM_WORLD_RANK: "3",
    OMPI_COMM_WORLD_SIZE: "6",
    OMPI_COMM_WORLD_LOCAL_RANK: "1",
  },
  "MPICH's and Intel MPI's mpirun": { PMI_RANK: "3", PMI_SIZE: "6", MPI_LOCALRANKID: "1" },
  "Slurm's srun": {
    SLURM_PROCID: "3",
    SLURM_NTASKS: "6",
    SLURM_LOCALID: "1",
    SLURM_STEP_ID: "0",
  },
  "srun --mpi=pmi2": {
    SLURM_PROCID: "3",
    SLURM_NTASKS: "6",
    SLURM_LOCALID: "1",
    SLURM_STEP_ID: "0",
    PMI_RANK: "3",
    PMI_SIZE: "6",
  },
} as const;

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

describe.each(Object.entries(launchers))("a process of %s", (_, set) => {
  const place = { rank: 3, worldSize: 6, localRank: 1, masterAddress: "node0", masterPort: 29500 };
  const [rank, size] = Object.keys(set);

  beforeEach(() => {
    vi.stubEnv("RANK", undefined);
    vi.stubEnv("WORLD_SIZE", undefined);
    for (const [name, value] of Object.entries(set)) vi.stubEnv(name, value);
  });

  it("is a rank where it is told a place to meet", () => {
    expect(isLaunched()).toBe(true);
    expect(rankName()).toBe("3");
    expect(findPlace({})).toEqual(place);
    expect(findUnmet()).toBeUndefined();
  });

  it("is none where it is not, and says of how many it is one", () => {
    vi.stubEnv("MASTER_ADDR", undefined);
    expect(isLaunched()).toBe(false);
    expect(rankName()).toBeUndefined();
    expect(findUnmet()).toEqual({ count: 6, variable: size });
    expect(findPlace({ masterAddress: "node0" })).toEqual(place);
    vi.stubEnv(`${size}`, "1");
    expect(findUnmet()).toBeUndefined();
  });

  it("is what RANK and WORLD_SIZE say, where torchrun sets them within", () => {
    vi.stubEnv("RANK", "0");
    vi.stubEnv("WORLD_SIZE", "2");
    expect(findPlace({})).toMatchObject({ rank: 0, worldSize: 2 });
    expect(rankName()).toBe("0");
  });

  it("has the GPU that LOCAL_RANK says, as where each is shown only its own", () => {
    vi.stubEnv("LOCAL_RANK", "0");
    expect(findPlace({})).toEqual({ ...place, localRank: 0 });
  });

  it("is refused by the launcher's own names", () => {
    vi.stubEnv(`${rank}`, "6");
    expect(() => findPlace({})).toThrow(
      `Expected a whole number from 0 to 5 for ${rank} but received 6`,
    );
    vi.stubEnv(`${rank}`, undefined);
    expect(() => findPlace({})).toThrow(`for ${rank} but received undefined`);
  });
});

it("is of mpirun within a job of Slurm", () => {
  vi.stubEnv("RANK", undefined);
  vi.stubEnv("WORLD_SIZE", undefined);
  const sets = [launchers["Slurm's srun"], launchers["Open MPI's mpirun"]];
  for (const set of sets) for (const [name, value] of Object.entries(set)) vi.stubEnv(name, value);
  vi.stubEnv("OMPI_COMM_WORLD_RANK", "5");
  expect(findPlace({})).toMatchObject({ rank: 5 });
});

it("is none of the batch script's own, which has the number of tasks but is none of them", () => {
  vi.stubEnv("RANK", undefined);
  vi.stubEnv("WORLD_SIZE", undefined);
  for (const [name, value] of Object.entries(launchers["Slurm's srun"])) vi.stubEnv(name, value);
  vi.stubEnv("SLURM_STEP_ID", undefined);
  expect(isLaunched()).toBe(false);
  expect(findUnmet()).toBeUndefined();
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
