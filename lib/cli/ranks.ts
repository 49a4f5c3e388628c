// `sparring train` under a launcher: this process is one of several ranks, of which rank 0 speaks.
import { findLaunch, findPlace, isLaunched } from "../distributed/environment.js";
import { join } from "../distributed/group.js";
import { Team } from "../run/team.js";
import { reportError } from "./exit.js";
import type { Screen } from "./screen.js";

/** Seconds that a rank waits for the others, unless told otherwise. */
export const defaultTimeout = 300;

/**
 * The rank that the launcher made this process; undefined where there is none. Throws TypeError or
 * RangeError.
 */
export function ownRank(): number | undefined {
  return isLaunched() ? findPlace({}).rank : undefined;
}

/** Whether the launcher starts the same command line again, or has done so. */
export function mayRestart(): boolean {
  return isLaunched() && findLaunch().mayRestart;
}

/** Waits for the other ranks, if there are any. */
export async function assemble(timeout: number): Promise<Team> {
  return new Team(isLaunched() ? await join({ timeout }) : undefined);
}

/** Does the work of a rank: an error says whose it is. Returns the exit code. */
export async function asRank(work: () => Promise<number>): Promise<number> {
  if (!isLaunched()) return work();
  try {
    return await work();
  } catch (error) {
    const { RANK } = process.env;
    return reportError(error, RANK === undefined ? "" : `rank ${RANK}: `);
  }
}

/** The screen of the other ranks, which show nothing. */
export const silence: Screen = {
  secondsApart: undefined,
  show: () => {},
  note: () => {},
  stopping: () => {},
  done: () => {},
  close: () => {},
};
