// The ratios as a chart: a bar for each case, a tick where its target is.
import { toSvg } from "../dist/charts.js";
import { targets } from "./cases.mjs";

const against = { eager: "PyTorch eager", best: "PyTorch in its best mode" };

/**
 * @param {object} result
 * @returns {Promise<string>} an SVG
 */
export async function drawChart(result) {
  return toSvg(describeChart(result));
}

function toRows({ cases, geomean }) {
  const rows = cases.flatMap((one) => [
    row(one.title, against.eager, one.ratioEager, one.target),
    row(one.title, against.best, one.ratioCompile, targets.slowest),
  ]);
  return [
    ...rows,
    row("geometric mean", against.eager, geomean.ratioEager, targets.eager),
    row("geometric mean", against.best, geomean.ratioCompile, targets.compile),
  ];
}

const row = (title, peer, ratio, target) => ({
  title,
  peer,
  ratio,
  target,
  label: `${ratio.toFixed(2)}× (≥ ${target}×)`,
});

function describeChart(result) {
  const { machine, threads, versions, date } = result;
  const values = toRows(result);
  const y = { field: "title", type: "nominal", sort: null, title: null };
  const side = { field: "peer", sort: Object.values(against) };
  const scale = { type: "log", domain: domain(values) };
  const x = { field: "ratio", type: "quantitative", scale };
  return {
    data: { values },
    width: 520,
    height: { step: 22 },
    title: {
      text: "Speed of Sparring, times that of PyTorch",
      subtitle: [
        `${machine.cpu}, ${threads} threads, libtorch ${versions.libtorch}, ${date.slice(0, 10)}`,
        "black ticks, and numbers in brackets: the targets",
      ],
      anchor: "start",
      offset: 12,
    },
    encoding: { y, yOffset: side },
    layer: [
      {
        mark: "bar",
        encoding: {
          x: { ...x, title: null, axis: { values: [0.5, 1, 2, 3, 5, 10, 20], format: "~g" } },
          x2: { datum: 1 },
          color: {
            ...side,
            type: "nominal",
            scale: { range: ["#2a6f97", "#a9d6e5"] },
            legend: { title: null, orient: "bottom", labelLimit: 300 },
          },
        },
      },
      {
        mark: { type: "tick", color: "black", thickness: 2 },
        encoding: { x: { ...x, field: "target" } },
      },
      {
        // A column of their own: beside the bars they would stand on the ticks.
        mark: { type: "text", align: "left", dx: 8, fontSize: 11 },
        encoding: { x: { value: "width" }, text: { field: "label" } },
      },
    ],
    config: { font: "sans-serif", view: { stroke: null }, axis: { labelLimit: 260 } },
  };
}

/** Ratios are multiplied, so the axis is; it shows at least 1 and the greatest target. */
function domain(values) {
  const all = values.flatMap(({ ratio, target }) => [ratio, target, 1]);
  return [Math.min(...all, 0.9), 1.3 * Math.max(...all)];
}
