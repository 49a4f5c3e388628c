// What a run is made of, one thing after the other: where one fails, those before it serve nobody.

/** Takes what was made, if anything, to be freed where the work fails, and gives it back. */
export type Keep = <Made extends Disposable | undefined>(made: Made) => Made;

/** Does work; where it fails, what it kept is freed, the last first. */
export async function keeping<T>(work: (keep: Keep) => Promise<T>): Promise<T> {
  const kept: Disposable[] = [];
  try {
    return await work((made) => {
      if (made !== undefined) kept.push(made);
      return made;
    });
  } catch (error) {
    for (const one of kept.toReversed()) one[Symbol.dispose]();
    throw error;
  }
}
