// A colour for each run that is shown, and for each player where there is one run. Six colours can
// be told apart by all eyes: where they begin again, lines are drawn in other dashes.
import { shownIds } from "./store.js";

const runColours = 6;

/** Pixels that are drawn and left out, in turn: none of a whole line. */
export type Dash = readonly number[];

/** The dashes of a run's first line in a chart, and of its second; a row for each six runs. */
const dashes: readonly (readonly [Dash, Dash])[] = [
  [[], [5, 4]],
  [
    [2, 3],
    [8, 3, 2, 3],
  ],
  [
    [12, 3],
    [8, 2, 2, 2, 2, 2],
  ],
];

/** The custom property of a run's colour: by its place among those shown. */
export function runColour(id: string): string {
  const place = shownIds().indexOf(id);
  return place < 0 ? "--faint" : `--run-${(place % runColours) + 1}`;
}

/** How a line of a run is dashed, by the same place. @param part which of its lines, from 0 */
export function runDash(id: string, part: number): Dash {
  const round = Math.floor(Math.max(0, shownIds().indexOf(id)) / runColours);
  return dashes[round % dashes.length]?.[part] ?? [];
}

/** Makes an element look like a line. @param colour a custom property of the style sheet */
export function drawMark(mark: HTMLElement, colour: string, dash: Dash): void {
  mark.style.setProperty("--mine", `var(${colour})`);
  mark.style.background = dash.length === 0 ? "" : gradientOf(dash);
}

/** Stripes of the colour, as long as the dashes are. */
function gradientOf(dash: Dash): string {
  let at = 0;
  const stops = dash.map((length, i) => {
    const from = at;
    at += length;
    return `${i % 2 === 0 ? "var(--mine)" : "transparent"} ${from}px ${at}px`;
  });
  return `repeating-linear-gradient(90deg, ${stops.join(", ")})`;
}
