// One chart: lines of means, and where a point stands for several ticks, a band from their least to
// their greatest.
import type uPlot from "uplot";
import { type Axis, apart, apartUpwards, height, thin, widthOf } from "./axis.js";
import { colour, make, setText } from "./dom.js";
import { clock, count, figure, short } from "./format.js";
import { type Dash, drawMark } from "./palette.js";
import type { CurveView } from "./store.js";
import { type Series, series } from "./protocol.js";

declare global {
  interface Window {
    uPlot: typeof uPlot;
  }
}

/** A line: a series of a run. */
export interface Line {
  readonly run: string;
  readonly label: string;
  readonly series: Series;
  /** A custom property of the style sheet. */
  readonly colour: string;
  readonly dash: Dash;
}

export interface ChartOptions {
  readonly title: string;
  /** What it shows, for those who do not see it and those who do not know. */
  readonly about: string;
  readonly logarithmic?: boolean;
  /**
   * Where it is there: where a run tells of it, as some objectives and options alone do, or where
   * what it tells changes. @default everywhere
   */
  readonly where?: "told" | "changing";
  /** The values that are always in view. */
  readonly range?: readonly [number, number];
}

const perLine = 3;
/** The pointer, and the part of the axis, are those of all charts that have this. */
const group = "curves";
/** How much of the axis is shown after a key, for what was; 0 for all of it. */
const zooms: Readonly<Record<string, number>> = { "+": 0.5, "=": 0.5, "-": 2, "0": 0 };

export class Chart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #host = make("div", { class: "plot", tabIndex: 0 });
  readonly #legend = make("ul", { class: "legend" });
  #plot: uPlot | undefined;
  #lines: readonly Line[] = [];
  #values: HTMLElement[] = [];
  #axis: Axis = "step";
  #made = "";

  constructor(options: ChartOptions) {
    this.#options = options;
    this.element = make(
      "figure",
      { class: "card chart" },
      make("figcaption", { title: options.about }, options.title),
      this.#host,
      this.#legend,
    );
    this.#host.setAttribute("role", "img");
    this.#host.setAttribute("aria-label", options.title); // until there is more to say
    this.#host.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#resize()).observe(this.#host);
  }

  /** Draws these lines of these curves. @param scheme changes where colours did */
  draw(
    asked: readonly Line[],
    curveOf: (run: string) => CurveView | undefined,
    axis: Axis,
    scheme: number,
  ): void {
    const all = tableOf(asked, curveOf, axis);
    const lines = toldOf(asked, this.#options.where, all);
    this.element.hidden = lines.length === 0;
    if (this.element.hidden) return;
    const data = lines.length === asked.length ? all : tableOf(lines, curveOf, axis);
    const made = JSON.stringify([lines, axis, scheme]);
    this.#lines = lines;
    this.#axis = axis;
    if (made !== this.#made) this.#make(data);
    else this.#renew(data);
    this.#made = made;
    this.#tell();
  }

  #make(data: uPlot.AlignedData): void {
    this.#plot?.destroy();
    this.#legend.replaceChildren();
    this.#values = this.#lines.map((line) => {
      const value = make("span", { class: "value" });
      const mark = make("i", { class: "mark" });
      drawMark(mark, line.colour, line.dash);
      this.#legend.append(make("li", {}, mark, line.label, value));
      return value;
    });
    this.#plot = new window.uPlot(this.#plotOptions(), data, this.#host);
  }

  /** Goes on with more data: where somebody has dragged across a part of the axis, with that part. */
  #renew(data: uPlot.AlignedData): void {
    const plot = this.#plot;
    if (!plot) return;
    const { min = 0, max = 0 } = plot.scales.x ?? {};
    const [first = 0, last = 0] = [plot.data[0][0], plot.data[0].at(-1)];
    const isPart = first < last && (min > first || max < last);
    plot.setData(data, !isPart);
    if (isPart) plot.setScale("x", { min, max });
  }

  #plotOptions(): uPlot.Options {
    const [ink, grid] = [colour("--muted"), colour("--line")];
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const { logarithmic, range } = this.#options;
    const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const across = this.#axis === "step" ? short : clock;
    return {
      width: Math.max(200, this.#host.clientWidth),
      height,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: group, setSeries: false }, points: { size: 6 }, y: false },
      hooks: { setCursor: [() => this.#tell()] },
      scales: {
        x: { time: false },
        y: logarithmic
          ? { distr: 3 }
          : { range: (_, least, greatest) => (range ? [...range] : around(least, greatest)) },
      },
      axes: [
        {
          ...axis,
          ...{ size: 26, space: 60, incrs: apart[this.#axis] },
          values: (_, splits) => splits.map(across),
        },
        {
          ...axis,
          ...(logarithmic && { grid: { ...axis.grid, filter: thinned }, filter: thinned }),
          size: (_, numbers: string[] | null) => widthOf(numbers ?? []),
          ...(logarithmic ? {} : { incrs: apartUpwards }),
          space: 34,
          // A logarithmic axis has more lines than it has room for numbers: those are null.
          values: (_, splits) => splits.map((one) => (one === null ? "" : short(one))),
        },
      ],
      series: [{}, ...this.#lines.flatMap(seriesOf)],
      bands: this.#lines.map((line, i) => ({
        series: [perLine * i + 3, perLine * i + 2],
        fill: fade(colour(line.colour)),
      })),
    };
  }

  #resize(): void {
    const width = this.#host.clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width)
      this.#plot.setSize({ width, height });
  }

  /** Values where the pointer is, or the last ones. */
  #tell(): void {
    const { data, cursor } = this.#plot ?? {};
    if (!data) return;
    for (const [i, value] of this.#values.entries()) {
      const column = data[perLine * i + 1] as readonly (number | null | undefined)[];
      setText(value, figure(nearest(column, cursor?.idx ?? column.length - 1)));
    }
    this.#describe(data);
  }

  #describe(data: uPlot.AlignedData): void {
    const last = data[0].at(-1);
    const where = this.#axis === "step" ? `step ${count(last)}` : clock(last);
    const values = this.#lines.map((line, i) => {
      const column = data[perLine * i + 1] as readonly (number | null | undefined)[];
      return `${line.label} ${figure(nearest(column, column.length - 1))}`;
    });
    const now = last === undefined ? "nothing yet" : `${values.join(", ")} at ${where}`;
    const label = `${this.#options.title}: ${now}`;
    if (this.#host.ariaLabel !== label) this.#host.ariaLabel = label;
  }

  /** Arrows move the pointer along the curve, Escape takes it away; + and - zoom, 0 shows all. */
  #key(event: KeyboardEvent): void {
    const plot = this.#plot;
    if (!plot) return;
    const { length } = plot.data[0];
    const share = event.ctrlKey || event.metaKey || event.altKey ? undefined : zooms[event.key];
    if (share !== undefined) zoom(plot, share);
    const now = plot.cursor.idx ?? length - 1;
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    const to = { Home: 0, End: length - 1 }[event.key] ?? (by === undefined ? undefined : now + by);
    if (event.key === "Escape") plot.setCursor({ left: -10, top: -10 });
    if (to === undefined || length === 0) return;
    event.preventDefault();
    const x = plot.data[0][Math.min(length - 1, Math.max(0, to))] as number;
    point(plot, x);
  }
}

/** Shows more or less of the axis in all charts, around the pointer or the middle. */
function zoom(plot: uPlot, share: number): void {
  const all = plot.data[0];
  const { min, max } = plot.scales.x ?? {};
  if (all.length < 2 || min == null || max == null) return;
  const [first, last] = [all[0], all.at(-1)] as [number, number];
  const whole = last - first;
  // Two ticks, if they are as far apart as others, are the least.
  const wanted = Math.max((max - min) * share, (2 * whole) / (all.length - 1));
  const width = share === 0 ? whole : Math.min(whole, wanted);
  const pointed = all[plot.cursor.idx ?? -1];
  const from = Math.min(Math.max((pointed ?? (min + max) / 2) - width / 2, first), last - width);
  for (const one of window.uPlot.sync(group).plots)
    one.setScale("x", { min: from, max: from + width });
  // Scales change in a microtask. The pointer stays at its value.
  if (pointed !== undefined) queueMicrotask(() => point(plot, pointed));
}

function point(plot: uPlot, x: number): void {
  plot.setCursor({ left: plot.valToPos(x, "x"), top: height / 2 });
}

function seriesOf(line: Line): uPlot.Series[] {
  const edge = { width: 0, points: { show: false }, spanGaps: true };
  const stroke = colour(line.colour);
  const dash = line.dash.length > 0 ? { dash: [...line.dash] } : {};
  // A single tick would be no line.
  const points: uPlot.Series.Points = { show: (plot) => plot.data[0].length < 2, size: 5 };
  return [{ stroke, width: 1.6, ...dash, points }, edge, edge];
}

/** Columns for uPlot: what the axis has, then mean, least and greatest of each line. */
function tableOf(
  lines: readonly Line[],
  curveOf: (run: string) => CurveView | undefined,
  axis: Axis,
): uPlot.AlignedData {
  const runs = [...new Set(lines.map(({ run }) => run))];
  const order = runs.flatMap((run) => lines.filter((line) => line.run === run));
  const tables = runs.map((run) => {
    const rows = (curveOf(run)?.rows ?? []).filter(
      (row) => typeof row[axis === "step" ? 0 : 1] === "number",
    );
    const own = order.filter((line) => line.run === run).map((line) => series.indexOf(line.series));
    const width = 2 + series.length;
    const columns = own.flatMap((index) =>
      [0, 1, 2].map((part) =>
        rows.map((row) => (row.length === width ? row[2 + index] : row[2 + 3 * index + part])),
      ),
    );
    return [rows.map((row) => row[axis === "step" ? 0 : 1]), ...columns] as uPlot.AlignedData;
  });
  const joined = tables.length === 1 ? (tables[0] as uPlot.AlignedData) : window.uPlot.join(tables);
  const columns = lines.flatMap((line) => {
    const place = 1 + perLine * order.indexOf(line);
    return joined.slice(place, place + perLine);
  });
  return [joined[0], ...columns] as uPlot.AlignedData;
}

/** The lines that a chart has, of those asked for: none where it is not there. */
function toldOf(
  asked: readonly Line[],
  where: ChartOptions["where"],
  data: uPlot.AlignedData,
): readonly Line[] {
  if (where === undefined) return asked;
  const different = asked.map((_, i) => {
    const values = Array.from(data[perLine * i + 1] ?? []);
    return new Set(values.filter((value) => typeof value === "number")).size;
  });
  const isThere = where === "told" || different.some((count) => count > 1);
  return isThere ? asked.filter((_, i) => different[i] !== 0) : [];
}

/** The value at an index, or before it where this run has none there. */
function nearest(
  column: readonly (number | null | undefined)[],
  index: number,
): number | null | undefined {
  for (let i = index; i >= 0; --i) if (typeof column[i] === "number") return column[i];
  return undefined;
}

const thinned: uPlot.Axis.Filter = (_, splits) => thin(splits);

/** What a linear axis goes from and to. Where all is 0, uPlot would have it go to 100. */
function around(least: number | null, greatest: number | null): uPlot.Range.MinMax {
  if (least === null || greatest === null) return [null, null];
  return least === 0 && greatest === 0 ? [0, 1] : window.uPlot.rangeNum(least, greatest, 0.1, true);
}

/** `rgb(1, 2, 3)` with a share of its own strength. */
function fade(rgb: string): string {
  return rgb.replace("rgb(", "rgba(").replace(")", ", 0.16)");
}
