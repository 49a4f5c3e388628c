// `sparring train` under a launcher: this process is one of several ranks, of which rank 0 speaks.
import {
  findLaunch,
  findPlace,
  findUnmet,
  isLaunched,
  rankName,
} from "../distributed/environment.js";
import { decline, join } from "../distributed/group.js";
import { Team } from "../run/team.js";
import { reportError, sentenceOf } from "./exit.js";
import type { Screen } from "./screen.js";
import { printNote } from "./text.js";

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
  noteUnmet();
  return new Team(isLaunched() ? await join({ timeout }) : undefined);
}

/** Who starts several processes mostly means one run: theirs say so where each would be its own. */
function noteUnmet(): void {
  const unmet = findUnmet();
  if (unmet === undefined) return;
  const { count, variable } = unmet;
  const meaning = "without MASTER_ADDR and MASTER_PORT each of them trains by itself";
  printNote(`This is one of ${count} processes (${variable}): ${meaning}`);
}

/** Does the work of a rank: an error says whose it is. Returns the exit code. */
export async function asRank(work: () => Promise<number>): Promise<number> {
  if (!isLaunched()) return work();
  try {
    return await work();
  } catch (error) {
    return reportAsRank(error);
  }
}

/** What a rank says begins with its number. */
function speaker(): string {
  const name = rankName();
  // Of one that has no number the error says so.
  return name ? `rank ${name}: ` : "";
}

/** Prints an error of this rank and returns the exit code for it. */
function reportAsRank(error: unknown): number {
  return reportError(error, speaker());
}

/**
 * Does what this process does alone, before it waits for the others. Where that fails they hear
 * why, as they wait for this one; gives the exit code then.
 */
export async function beforeMeeting<T>(work: () => Promise<T>): Promise<{ done: T } | number> {
  try {
    return { done: await work() };
  } catch (error) {
    if (!isLaunched()) throw error;
    // Printed first: the others may not be there yet.
    const code = reportAsRank(error);
    await decline(sentenceOf(error));
    return code;
  }
}

/**
 * Loads on another rank than the first. It does not say what it left out of its images, but where
 * it fails: they may not be those of the others.
 */
export async function withNotes<T>(load: (onNote: (note: string) => void) => Promise<T>) {
  const notes: string[] = [];
  try {
    return await load((note) => notes.push(note));
  } catch (error) {
    for (const note of notes) printNote(`${speaker()}${note}`);
    throw error;
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
