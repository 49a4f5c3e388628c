// Where a rank is to meet the others, from the variables that launchers set: torchrun and
// Kubernetes' training operator PyTorch's own, MPI's and Slurm's launchers theirs.
import { isIPv6 } from "node:net";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";

/** A rank's number, and where it meets the others. */
export interface Place {
  /** This process's number among all ranks, from 0. */
  readonly rank: number;
  /** Processes that train together. */
  readonly worldSize: number;
  /** This process's number among those of its machine, from 0: the number of its GPU. */
  readonly localRank: number;
  /** A name or address of the machine where rank 0, or an agent, keeps the store. */
  readonly masterAddress: string;
  /** The port there, 1 to 65,535. */
  readonly masterPort: number;
}

/** What only the environment says. */
export interface Launch {
  /** An agent, torchrun's, keeps the store; else rank 0 does. */
  readonly hasAgent: boolean;
  /**
   * This command line may come again, or has come before: what it finds of itself is no stranger's.
   */
  readonly mayRestart: boolean;
}

/** What the variables are called, for the fields of a place. */
type Variables = Readonly<Record<keyof Place, string>>;

/** PyTorch's own, which torchrun and Kubernetes' training operator set. */
const own: Variables = {
  rank: "RANK",
  worldSize: "WORLD_SIZE",
  localRank: "LOCAL_RANK",
  masterAddress: "MASTER_ADDR",
  masterPort: "MASTER_PORT",
};

/** Launchers with names of their own, the innermost first: mpirun works within a job of Slurm. */
const launchers: readonly (Variables & { readonly mark: string })[] = [
  {
    ...own,
    rank: "OMPI_COMM_WORLD_RANK",
    worldSize: "OMPI_COMM_WORLD_SIZE",
    localRank: "OMPI_COMM_WORLD_LOCAL_RANK",
    mark: "OMPI_COMM_WORLD_SIZE",
  },
  // MPICH and Intel MPI. PMI_SIZE alone may be srun's, under --mpi=pmi2: it has another local rank.
  {
    ...own,
    rank: "PMI_RANK",
    worldSize: "PMI_SIZE",
    localRank: "MPI_LOCALRANKID",
    mark: "MPI_LOCALRANKID",
  },
  // The batch script has the number of tasks too, but is none of them: srun starts a step.
  {
    ...own,
    rank: "SLURM_PROCID",
    worldSize: "SLURM_NTASKS",
    localRank: "SLURM_LOCALID",
    mark: "SLURM_STEP_ID",
  },
];

const isSet = (name: string) => process.env[name] !== undefined;

/**
 * Whose variables say that this process is a rank. MPI's and Slurm's launchers set theirs for
 * whatever they start, a sweep of single runs or a shell too: such processes are ranks only where
 * they are told a place to meet.
 */
function findVariables(isPlaceTold = isSet(own.masterAddress)): Variables | undefined {
  if (isSet(own.rank) || isSet(own.worldSize)) return own;
  return isPlaceTold ? launchers.find(({ mark }) => isSet(mark)) : undefined;
}

/**
 * True where a launcher has started this process as one of several ranks, even if it did not say
 * which: under RANK or WORLD_SIZE, and, with MASTER_ADDR, under mpirun's or srun's own variables.
 */
export function isLaunched(): boolean {
  return findVariables() !== undefined;
}

/**
 * Processes, this one among them, that mpirun or srun has started without telling them where to
 * meet, and the variable that says so; undefined where this one is alone, or a rank.
 */
export function findUnmet(): { readonly count: number; readonly variable: string } | undefined {
  if (isLaunched()) return undefined;
  const variable = findVariables(true)?.worldSize;
  const count = variable === undefined ? 0 : Number(process.env[variable]);
  return variable !== undefined && count > 1 ? { count, variable } : undefined;
}

/** What the launcher calls this rank, which may be no number; undefined where it is none. */
export function rankName(): string | undefined {
  const variables = findVariables();
  return variables && process.env[variables.rank];
}

/**
 * The whole place: what is given, and the environment for the rest. Throws TypeError or RangeError.
 */
export function findPlace(given: { readonly [Key in keyof Place]?: unknown }): Place {
  const isPlaceTold = given.masterAddress !== undefined || isSet(own.masterAddress);
  const variables = findVariables(isPlaceTold) ?? own;
  const named = (key: keyof Place) => {
    if (given[key] !== undefined) return { value: given[key], name: key };
    // Where each rank is shown one GPU, that is the first, whatever the launcher counts.
    const name = process.env[own[key]] === undefined ? variables[key] : own[key];
    return { value: fromText(process.env[name]), name };
  };
  const whole = (key: keyof Place, least: number, most: number) => {
    const { value, name } = named(key);
    return check.integer(value, name, least, most);
  };
  const worldSize = whole("worldSize", 1, mostRanks);
  const rank = whole("rank", 0, worldSize - 1);
  const isLocalGiven = named("localRank").value !== undefined;
  const host = named("masterAddress");
  if (typeof host.value !== "string" && typeof host.value !== "number")
    throw wrongType("a host's name or address", host.name, host.value);
  if (!mayBeHost(String(host.value)))
    throw outOfRange("a host's name or address", host.name, host.value);
  return {
    rank,
    worldSize,
    localRank: isLocalGiven ? whole("localRank", 0, worldSize - 1) : 0,
    masterAddress: String(host.value),
    masterPort: whole("masterPort", 1, 65_535),
  };
}

/**
 * A URL, or a name with a port, resolves nowhere: better known now than once the timeout is over.
 */
const mayBeHost = (text: string) => isIPv6(text) || /^[^\s/:[\]]+$/.test(text);

/** More than any cluster has. */
const mostRanks = 65_536;

/** What a launcher says beside the place. */
export function findLaunch(): Launch {
  const count = (name: string) => {
    const value = Number(process.env[name] ?? 0);
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  return {
    hasAgent: process.env.TORCHELASTIC_USE_AGENT_STORE === "True",
    // Not TORCHELASTIC_RESTART_COUNT: of several agents only that of the rank that failed has
    // counted.
    mayRestart: count("TORCHELASTIC_MAX_RESTARTS") > 0 || count("SLURM_RESTART_COUNT") > 0,
  };
}

/** Digits as a number; anything else as it is, for the error to show. */
function fromText(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}
