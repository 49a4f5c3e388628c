// Which of some names a misspelt one is like.

/** How like another name one has to be. */
export interface Likeness {
  /** Letters that may be missing, wrong, swapped or too many. */
  readonly mostMistakes: number;
  /** Share of the letters of which more have to be right. */
  readonly leastRight: number;
}

/** A guess is worth more than a list of forty names: of three letters two have to be right. */
const guess: Likeness = { mostMistakes: 3, leastRight: 0.4 };
/** Hardly any other name can be meant: of five letters four have to be right. */
const slip: Likeness = { mostMistakes: 3, leastRight: 0.6 };

/** Names that a reader looks through: a wrong guess would only keep them from that. */
const few = 16;

/** Small letters alone, of one spelling: `--batch-size`, `batchSize` and `batch_size` are equal. */
export const spelled = (name: string) => name.toLowerCase().replace(/[-_]/g, "");

/** The names that are most like it, of those that are like enough. */
export function nearestOnes(
  name: string,
  known: readonly string[],
  likeness: Likeness = known.length > few ? guess : slip,
): readonly string[] {
  const given = spelled(name);
  const others = known.filter((one) => one !== name);
  const ranked = others.map((one) => ({
    one,
    mistakes: mistakesIn(given, spelled(one), likeness),
  }));
  const least = Math.min(...ranked.map(({ mistakes }) => mistakes));
  if (least > likeness.mostMistakes) return [];
  return ranked.filter(({ mistakes }) => mistakes === least).map(({ one }) => one);
}

/** The name that is like it, or `one of` several; undefined where none is. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const best = nearestOnes(name, known, guess);
  return best.length === 0 ? undefined : oneOf(best);
}

/** What a wrong name should be: the one of `known` that it is like, or one of all. */
export function nearestOrAll(name: unknown, known: readonly string[]): string {
  const like = typeof name === "string" ? nearest(name, known) : undefined;
  return like ?? `one of ${known.join(", ")}`;
}

/** `--steps`, `one of --seed, --size` */
export function oneOf(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : `one of ${names.join(", ")}`;
}

/** How many letters have to change; Infinity where the names are too different. */
function mistakesIn(given: string, known: string, { leastRight }: Likeness): number {
  const count = distance(given, known);
  const length = Math.max(given.length, known.length);
  return known.length > 1 && length - count > leastRight * length ? count : Infinity;
}

/** Letters to insert, leave out, replace, or swap with the next (Damerau and Levenshtein). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; ++j) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] as number) + 1 : Infinity,
      );
    }
    before = above;
  }
  return row[b.length] as number;
}
