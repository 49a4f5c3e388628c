// Charts: a description as data in, SVG and PNG out. Needs no browser and no DOM.
import type { TopLevelSpec } from "vega-lite";
import { draw } from "./sharp.js";

/**
 * A chart, or a part of one, as Vega-Lite describes it. Loosely typed: the parts of its own types
 * do not fit together.
 */
export type Chart = Readonly<Record<string, unknown>>;

/** Colours that nobody confuses (Okabe and Ito 2008). */
export const colours = {
  black: "#000000",
  blue: "#0072b2",
  green: "#009e73",
  orange: "#d55e00",
  amber: "#e69f00",
  purple: "#cc79a7",
  sky: "#56b4e9",
  grey: "#767676",
} as const;

/**
 * What all charts have in common: white paper, thin lines, letters that are there on every machine.
 */
const style = {
  background: "white",
  padding: 12,
  config: {
    font: "Helvetica, Arial, DejaVu Sans, sans-serif",
    view: { stroke: "#c8c8c8" },
    axis: {
      grid: false,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
      domainColor: "#767676",
      tickColor: "#767676",
    },
    legend: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal", labelLimit: 400 },
    title: { anchor: "start", fontSize: 14, subtitleFontSize: 11, subtitlePadding: 4, offset: 10 },
    header: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
  },
} as const;

/** Draws a chart. Loads the library when first called: training does not need it. */
export async function toSvg(chart: Chart): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import("vega-lite"), import("vega")]);
  const { spec } = compile({ ...style, ...chart } as unknown as TopLevelSpec);
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Pixels for a point of the SVG: sharp on screens of today, and on paper. */
const pixelsEach = 2;

/** Draws an SVG as a PNG. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const density = 72 * pixelsEach;
  return draw((sharp) => sharp(Buffer.from(svg), { density }).png({ palette: true }).toBuffer());
}

/** Milliseconds of a frame. */
const frameTime = 120;
/** The last one stays for a while. */
const lastTime = 2500;

/** Charts of one size as an animated WebP that begins again. */
export async function toAnimation(charts: readonly Chart[]): Promise<Uint8Array> {
  const frames: Buffer[] = [];
  let size = { width: 0, height: 0 };
  for (const chart of charts) {
    const svg = Buffer.from(await toSvg(chart));
    const { data, info } = await draw((sharp) =>
      sharp(svg).removeAlpha().raw().toBuffer({ resolveWithObject: true }),
    );
    frames.push(data);
    size = { width: info.width, height: info.height };
  }
  const { width, height: pageHeight } = size;
  const raw = { width, height: frames.length * pageHeight, channels: 3, pageHeight } as const;
  const delay = frames.map((_, i) => (i === frames.length - 1 ? lastTime : frameTime));
  const how = { nearLossless: true, quality: 20, loop: 0, delay };
  return draw((sharp) => sharp(Buffer.concat(frames), { raw }).webp(how).toBuffer());
}
