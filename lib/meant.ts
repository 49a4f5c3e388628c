// Other names of what there is, as scripts, papers and other tools have them: a list of all names is
// no answer to somebody who knows what is wanted, and only not what it is called here.
import { spelled } from "./nearest.js";

/** Names elsewhere of each name here, in small letters without `-` and `_`. */
export type OtherNames = Readonly<Record<string, readonly string[]>>;

/** Finds the one of `known`, as it is written there, that a name means; undefined where it is none. */
export function finder(others: OtherNames) {
  const othersOf = new Map(Object.entries(others).map(([name, more]) => [spelled(name), more]));
  return (name: string, known: readonly string[]): string | undefined => {
    const given = spelled(name);
    const isMeant = (here: string) => here === given || othersOf.get(here)?.includes(given);
    return known.find((one) => isMeant(spelled(one)));
  };
}
