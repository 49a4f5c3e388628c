// Where a rank is to meet the others, from the variables that torchrun, Slurm scripts and
// Kubernetes' training operator set for PyTorch.
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
const variables = {
  rank: "RANK",
  worldSize: "WORLD_SIZE",
  localRank: "LOCAL_RANK",
  masterAddress: "MASTER_ADDR",
  masterPort: "MASTER_PORT",
} as const satisfies Record<keyof Place, string>;

/**
 * True where something has started this process as one of several ranks; even if it did not say
 * which.
 */
export function isLaunched(): boolean {
  return process.env.RANK !== undefined || process.env.WORLD_SIZE !== undefined;
}

/**
 * The whole place: what is given, and the environment for the rest. Throws TypeError or RangeError.
 */
export function findPlace(given: { readonly [Key in keyof Place]?: unknown }): Place {
  const named = <Key extends keyof Place>(key: Key) =>
    given[key] === undefined
      ? { value: fromText(process.env[variables[key]]), name: variables[key] }
      : { value: given[key], name: key };
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
