// The picture of Figure 1: above, D, p_data and p_g; below, the arrows from z to x.
import { type Chart, colours } from "../charts.js";
import { gaussian, quantiles } from "./density.js";
import type { Figure1, Moment, Part } from "./figure1.js";
import { line } from "./line.js";
import { dashed, dotted, heading, pointsOf } from "./panel.js";

const captions: { readonly [part in Part]: string } = {
  a: "D half trained",
  b: "D trained: it is D*",
  c: "G follows the gradient of D",
  d: "p_g = p_data, D = ½",
};

const names = ["D", "p_data", "p_g"];
const looks = {
  color: [colours.blue, colours.black, colours.green],
  dash: [dashed, dotted, [1, 0]],
};

const xs = [-3, 3] as const;
const ys = [-0.78, 1.04] as const;
/** Heights of the two lines below. */
const [xLine, zLine] = [-0.16, -0.68];
/** Where they begin and end. */
const [left, right] = [-2.8, 2.9];
/** Equal shares of p_z lie between two arrows. */
const arrowTails = quantiles(gaussian(0, 1), 15, line);

interface Size {
  readonly width: number;
  readonly height: number;
}

export function draw(figures: Figure1): Chart {
  const size = { width: 226, height: 250 };
  return {
    title: {
      text: "Figure 1: D leads p_g to p_data",
      subtitle:
        "Arrows lead from z to x = G(z). Between two of them lies the same share of p_z, so they crowd where p_g is high.",
    },
    // The arrowheads' bounds are far from where they are.
    bounds: "flush",
    spacing: 26,
    hconcat: figures.moments.map((moment) =>
      scene(figures, moment, size, [`(${moment.part})  ${captions[moment.part]}`]),
    ),
  };
}

export function frames(figures: Figure1): Chart[] {
  return figures.frames.map((moment) => {
    const { part, discriminatorUpdates, generatorUpdates } = moment;
    const counts = `${discriminatorUpdates} updates of D, ${generatorUpdates} of G`;
    return scene(figures, moment, { width: 420, height: 330 }, [
      `(${part})  ${captions[part]}`,
      counts,
    ]);
  });
}

function scene(
  figures: Figure1,
  moment: Moment,
  size: Size,
  [text, subtitle]: readonly [string, string?],
): Chart {
  const { x, data } = figures;
  // The last lies on top: where p_g is p_data, both are to be seen.
  const curves = {
    p_g: x.map(gaussian(moment.mean, moment.deviation).at),
    p_data: x.map(gaussian(data.mean, data.deviation).at),
    D: moment.discriminator,
  };
  return {
    title: { ...heading(text), ...(subtitle && { subtitle }) },
    ...size,
    view: { stroke: null },
    layer: [...lines(), ...arrows(moment, size), curvesOf(x, curves)],
  };
}

function curvesOf(
  x: readonly number[],
  curves: Readonly<Record<string, readonly number[]>>,
): Chart {
  const legend = {
    title: null,
    orient: "bottom",
    symbolType: "stroke",
    symbolSize: 700,
    symbolStrokeWidth: 2,
  };
  const scale = (range: unknown[]) => ({ domain: names, range });
  const values = Object.entries(curves).flatMap(([name, ys]) =>
    pointsOf(x, ys).map((point) => ({ ...point, name })),
  );
  return {
    data: { values },
    mark: { type: "line", strokeWidth: 2, clip: true },
    encoding: {
      ...place("x", "y"),
      color: { field: "name", scale: scale(looks.color), legend },
      strokeDash: { field: "name", scale: scale(looks.dash), legend },
    },
  };
}

/** The domains of x and of z. */
function lines(): Chart[] {
  const both = [
    { name: "x", y: xLine, from: left, to: right },
    { name: "z", y: zLine, from: left, to: right },
  ];
  return [
    {
      data: { values: both },
      mark: { type: "rule", color: colours.black, strokeWidth: 1 },
      encoding: { ...place("from", "y"), x2: { field: "to" } },
    },
    {
      data: { values: both },
      mark: {
        type: "text",
        font: "serif",
        fontStyle: "italic",
        fontSize: 14,
        align: "right",
        dx: -4,
      },
      encoding: { ...place("from", "y"), text: { field: "name" } },
    },
  ];
}

function arrows({ mean, deviation }: Moment, { width, height }: Size): Chart[] {
  const across = width / (xs[1] - xs[0]);
  const up = height / (ys[1] - ys[0]);
  const values = arrowTails.map((z, i) => {
    const from = left + ((i + 0.5) / arrowTails.length) * (right - left);
    const to = mean + deviation * z;
    const angle = Math.atan2((to - from) * across, (xLine - zLine) * up) * (180 / Math.PI);
    return { from, to, tail: zLine, tip: xLine, angle };
  });
  return [
    {
      data: { values },
      mark: { type: "rule", color: colours.grey, strokeWidth: 1 },
      encoding: { ...place("from", "tail"), x2: { field: "to" }, y2: { field: "tip" } },
    },
    {
      data: { values },
      mark: { type: "point", shape: head, filled: true, color: colours.grey, size: 40, opacity: 1 },
      encoding: {
        ...place("to", "tip"),
        angle: { field: "angle", type: "quantitative", scale: null },
      },
    },
  ];
}

/** Its tip is where it points. */
const head = "M0,0L0.5,1.3L-0.5,1.3Z";

function place(x: string, y: string) {
  const scale = (domain: readonly number[]) => ({ domain, nice: false });
  const labels = { values: [0, 0.5, 1], labelExpr: "datum.value == 0.5 ? '½' : datum.label" };
  return {
    x: { field: x, type: "quantitative", scale: scale(xs), axis: null },
    y: {
      field: y,
      type: "quantitative",
      scale: scale(ys),
      title: null,
      axis: { ...labels, domain: false, ticks: false, grid: true, gridColor: "#e4e4e4" },
    },
  };
}
