// The samples of every objective, as small scatter plots: those of the ring above those of the
// grid.
import { type Chart, colours } from "../charts.js";
import type { Coverage, Covered, Modes } from "./modes.js";

/** Wider than every title: a wider one would move the plots beside it. */
const side = 150;
/** Plots beside each other: more would be too small to read on a page. */
const columns = 6;
const limits = [-1.15, 1.15];

export function draw(figures: Modes): Chart {
  const { ring, grid, steps, batchSize } = figures;
  const names = ["data", ...Object.keys(ring.objectives)];
  const rows = Array.from({ length: Math.ceil(names.length / columns) }, (_, row) =>
    names.slice(row * columns, (row + 1) * columns),
  );
  return {
    title: {
      text: "Modes: what each objective finds of a mixture of Gaussians",
      // Two lines: of one the picture would be wider than its plots.
      subtitle: [
        `The same networks, seed and optimizer for all, ${steps.toLocaleString("en")} steps of ${batchSize}:`,
        "modes found, and the share of samples within three deviations of one.",
      ],
    },
    spacing: 12,
    vconcat: rows.flatMap((row) => [plots(ring, row, "named"), plots(grid, row, "unnamed")]),
  };
}

/** Whether each column is called by what its plots are of. */
type Naming = "named" | "unnamed";

function plots(covered: Covered, names: readonly string[], naming: Naming): Chart {
  const all: Readonly<Record<string, Coverage>> = { data: covered.data, ...covered.objectives };
  return {
    spacing: 10,
    hconcat: names.map((name) => plot(name, all[name] as Coverage, covered, naming)),
  };
}

function plot(
  name: string,
  { modes, good, samples }: Coverage,
  of: Covered,
  naming: Naming,
): Chart {
  const named = naming === "named";
  const title = { fontSize: 10, fontWeight: "normal", anchor: "middle", offset: 4 };
  const told = `${modes} of ${of.centres.length} · ${(100 * good).toFixed(0)} %`;
  return {
    title: {
      ...title,
      text: named ? name : told,
      ...(named && { subtitle: told, subtitleColor: colours.black }),
    },
    width: side,
    height: side,
    data: { values: samples.map(([x, y]) => ({ x, y })) },
    mark: {
      type: "point",
      filled: true,
      size: 5,
      opacity: 0.6,
      clip: true,
      color: name === "data" ? colours.black : colours.green,
    },
    encoding: { x: place("x"), y: place("y") },
  };
}

const place = (field: string) => ({
  field,
  type: "quantitative",
  axis: null,
  scale: { domain: limits, nice: false },
});
