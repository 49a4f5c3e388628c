// What is made of several things, one after the other: where one fails, those before it serve
// nobody, and would wait for the garbage collector.

/** Takes what was made, if anything, to be freed where the work fails, and gives it back. */
export type Keep = <Made extends Disposable | undefined>(made: Made) => Made;

/** Does work; where it fails, what it kept is freed, the last first. */
export async function keeping<T>(work: (keep: Keep) => Promise<T>): Promise<T> {
  const kept = new Kept();
  try {
    return await work(kept.keep);
  } catch (error) {
    throw kept.freedAfter(error);
  }
}

/** Does work as keeping() does, at once. */
export function keepingNow<T>(work: (keep: Keep) => T): T {
  const kept = new Kept();
  try {
    return work(kept.keep);
  } catch (error) {
    throw kept.freedAfter(error);
  }
}

class Kept {
  readonly #all: Disposable[] = [];

  readonly keep: Keep = (made) => {
    if (made !== undefined) this.#all.push(made);
    return made;
  };

  freedAfter(error: unknown): unknown {
    for (const one of this.#all.toReversed()) one[Symbol.dispose]();
    return error;
  }
}
