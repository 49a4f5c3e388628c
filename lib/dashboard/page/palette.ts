// A colour for each run that is shown, and for each player where there is one run.
import { shownIds } from "./store.js";

const runColours = 6;

/** The custom property of a run's colour: by its place among those shown. */
export function runColour(id: string): string {
  const place = shownIds().indexOf(id);
  return place < 0 ? "--faint" : `--run-${(place % runColours) + 1}`;
}
