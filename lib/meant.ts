// Other names of what there is, as scripts, papers and other tools have them: a list of all names
// is no answer to somebody who knows what is wanted, and only not what it is called here.
import { spelled } from "./nearest.js";

/**
 * Names elsewhere of each name here, in small letters without `-` and `_`. Where two names here
 * have one of them, the upper row goes first.
 */
export type OtherNames = Readonly<Record<string, readonly string[]>>;

/** Finds the one of `known`, as it is written there, that a name means; undefined where none is. */
export function finder(others: OtherNames) {
  const rows = Object.entries(others).map(([name, more]) => ({ name: spelled(name), more }));
  return (name: string, known: readonly string[]): string | undefined => {
    const given = spelled(name);
    const rowsOf = rows.filter(({ more }) => more.includes(given));
    const meant = [given, ...rowsOf.map((row) => row.name)];
    const written = new Map(known.map((one) => [spelled(one), one]));
    return meant.map((one) => written.get(one)).find((one) => one !== undefined);
  };
}
