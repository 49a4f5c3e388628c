// Panels of curves, the one kind of chart that most experiments need.
import type { Chart } from "../charts.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PanelCurve {
  /** The curve's name in the legend. */
  readonly name: string;
  readonly colour: string;
  /** Lengths of dashes and gaps. @default a solid line */
  readonly dash?: readonly number[] | undefined;
  /** Pixels. @default 2 */
  readonly width?: number | undefined;
  readonly points: readonly Point[];
}

export interface Axis {
  readonly title: string;
  readonly log?: boolean | undefined;
  readonly domain?: readonly [from: number, to: number] | undefined;
  /** Writes its numbers as powers of ten: `1e−4`, and 1 as `1`. @default as they are */
  readonly powers?: boolean | undefined;
}

export interface Panel {
  readonly title?: string | undefined;
  readonly x: Axis;
  readonly y: Axis;
  /** Curves, of which the last lies on top. */
  readonly curves: readonly PanelCurve[];
  /** Curves that are drawn as their points. */
  readonly marks?: readonly PanelCurve[] | undefined;
  readonly legendColumns?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

export const dashed = [6, 4];
export const dotted = [1.5, 3];
const solid = [1, 0];

/** Square pixels. */
const pointSize = 45;

export function pointsOf(xs: ArrayLike<number>, ys: ArrayLike<number>): Point[] {
  return Array.from(xs, (x, i) => ({ x, y: ys[i] as number }));
}

export function panel(options: Panel): Chart {
  const { title, x, y, curves, marks = [], width = 270, height = 210 } = options;
  const all = [...curves, ...marks];
  const scale = (range: unknown[]) => ({ domain: all.map(({ name }) => name), range });
  const legend = {
    title: null,
    orient: "bottom",
    symbolStrokeWidth: 2,
    columns: options.legendColumns ?? 4,
    encoding: { symbols: symbolsOf(marks) },
  };
  const encoding = {
    x: axis("x", x),
    y: axis("y", y),
    color: { field: "name", scale: scale(all.map(({ colour }) => colour)), legend },
  };
  const dashes = scale(all.map(({ dash = solid }) => dash));
  return {
    ...(title === undefined ? {} : { title: heading(title) }),
    width,
    height,
    layer: [
      ...curves.map((curve) => ({
        data: valuesOf(curve),
        mark: { type: "line", strokeWidth: curve.width ?? 2, clip: true },
        encoding: { ...encoding, strokeDash: { field: "name", scale: dashes, legend } },
      })),
      ...marks.map((curve) => ({
        data: valuesOf(curve),
        mark: { type: "point", filled: true, size: pointSize, opacity: 1 },
        encoding,
      })),
    ],
  };
}

/** Panels side by side, each with a legend of its own. */
export function row(
  title: { readonly text: string; readonly subtitle: string | readonly string[] },
  panels: readonly Chart[],
): Chart {
  return {
    title,
    // Legends that are wider than their panel move no other.
    bounds: "flush",
    spacing: 78,
    hconcat: panels,
    resolve: { scale: { color: "independent", strokeDash: "independent" } },
  };
}

export function heading(text: string) {
  return { text, fontSize: 12, fontWeight: "normal", anchor: "middle", offset: 6 };
}

/** In a legend curves are strokes, and what is drawn as points is a point. */
function symbolsOf(marks: readonly PanelCurve[]) {
  const isPoint = `indexof(${JSON.stringify(marks.map(({ name }) => name))}, datum.value) >= 0`;
  return {
    shape: { value: { signal: `${isPoint} ? "circle" : "stroke"` } },
    size: { value: { signal: `${isPoint} ? ${pointSize} : 500` } },
    opacity: { value: 1 }, // as the points have it, of which Vega-Lite would add it
  };
}

const valuesOf = ({ name, points }: PanelCurve) => ({
  values: points.map((point) => ({ ...point, name })),
});

/** As d3 writes powers, but for 1, and with the minus that all other numbers have. */
const powerLabels = {
  format: "~e",
  labelExpr: "datum.label == '1e+0' ? '1' : replace(replace(datum.label, '-', '−'), '+', '')",
};

function axis(field: "x" | "y", { title, log, domain, powers }: Axis) {
  const linear = domain === undefined ? { zero: false } : { domain, nice: false };
  // A decade more than there is to see would be empty paper.
  const logarithmic = { type: "log", nice: field === "y", ...(domain && { domain }) };
  return {
    field,
    type: "quantitative",
    title,
    scale: log ? logarithmic : linear,
    axis: {
      tickCount: log ? 4 : 6,
      labelFlush: true,
      ...(field === "y" && { minExtent: 34 }),
      ...(powers && powerLabels),
    },
  };
}
