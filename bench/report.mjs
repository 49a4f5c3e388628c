// The results as tables for people.
import { markdownTable } from "markdown-table";
import { targets } from "./cases.mjs";

const digits = (value, count = 3) =>
  value >= 100 ? value.toFixed(0) : Number(value.toPrecision(count)).toString();
const times = (value) => `${value.toFixed(2)}×`;
const percent = (value) => `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`;
const right = (columns) => ["l", ...Array(columns - 1).fill("r")];

/** Everything that was measured, as one text. */
export function describe(result) {
  const { cases, extras } = result;
  return [
    heading(result),
    ...(cases.length > 0 ? [ratioTable(result), detailTable(cases), notes(result)] : []),
    ...(extras.import ? [importTable(extras.import)] : []),
    ...(extras.overhead ? [overheadLine(extras.overhead)] : []),
    ...(extras.scaling ? [scalingTable(extras.scaling)] : []),
    ...(extras.precision ? [precisionTable(extras.precision)] : []),
    ...(extras.layers ? [layersTable(extras.layers)] : []),
    ...(extras.ranks ? [ranksTable(extras.ranks)] : []),
    ...(extras.packing ? [packingLine(extras.packing)] : []),
    ...(extras.streaming ? [streamingTable(extras.streaming)] : []),
    ...(extras.parzen ? [parzenLine(extras.parzen)] : []),
    ...(extras.checkpoint ? [checkpointLine(extras.checkpoint)] : []),
  ].join("\n\n");
}

function heading({ machine, versions, threads, date, command }) {
  const { cpu, cores, vectors, load } = machine;
  return [
    `${command}, ${date}`,
    `${cpu}, ${cores} cores, ${vectors.join(" ")}; load ${load.toFixed(1)} before; ${threads} threads`,
    `Sparring ${versions.sparring}, Node ${versions.node}, libtorch ${versions.libtorch}, PyTorch ${versions.torch}`,
  ].join("\n");
}

function ratioTable({ cases, geomean }) {
  const rows = cases.map((one) => {
    const ms = (name) => digits(one.contestants[name].msPerStep);
    return [
      one.name,
      ...["sparringFused", "sparringEager", "pytorchEager", "pytorchBest"].map(ms),
      ...[times(one.ratioEager), `≥ ${one.target}×`],
      ...[times(one.ratioCompile), `≥ ${targets.slowest}×`],
    ];
  });
  const mean = [times(geomean.ratioEager), `≥ ${targets.eager}×`];
  const meanBest = [times(geomean.ratioCompile), `≥ ${targets.compile}×`];
  const header = ["ms a step", "fused", "eager", "PyTorch eager", "PyTorch best"];
  const ratios = ["against PyTorch eager", "target", "against its best", "target"];
  const all = [
    [...header, ...ratios],
    ...rows,
    ["geometric mean", "", "", "", "", ...mean, ...meanBest],
  ];
  return markdownTable(all, { align: right(9), stringLength: width });
}

function detailTable(cases) {
  const rows = cases.map(({ name, contestants: c, share, bestMode, ceiling }) => [
    name,
    [c.sparringFused, c.sparringEager, c.pytorchEager, c.pytorchBest]
      .map(({ peakMb }) => digits(peakMb))
      .join(" / "),
    percent(share.sparringFused),
    `${percent(share.pytorchEager)} / ${percent(share.pytorchBest)}`,
    `${digits(ceiling.gemmGflops)} / ${digits(ceiling.convolutionGflops)}`,
    bestMode,
  ]);
  const header = [
    ...["", "peak MB: fused / eager / PyTorch eager / best", "share of ceiling: fused"],
    ...["PyTorch eager / best", "GFLOP/s: GEMM / convolution", "PyTorch's best mode"],
  ];
  return markdownTable([header, ...rows], { align: [...right(5), "l"], stringLength: width });
}

function notes({ cases, rounds, quick }) {
  // `compile default + fused Adam` → `compile default`
  const tried = new Set(
    cases.flatMap(({ modes }) => modes.map(({ name }) => name.split(" + ")[0])),
  );
  const failed = cases.flatMap(({ name, modes }) =>
    modes
      .filter(({ problem }) => problem)
      .map(({ name: mode, problem }) => `  ${name}, ${mode}: ${problem}`),
  );
  return [
    `Medians of ${rounds} rounds in turn; a ratio is the median of each round's own. Share of ceiling: the FLOPs of`,
    "PyTorch's eager step over the time, against the faster of GEMM and convolution here; rewrites of ours do less",
    "arithmetic than that, so their share is one of work saved too, and can pass 100 %.",
    `PyTorch's best was found by trying ${[...tried].join(", ")}; with and without fused Adam and`,
    `channels_last${quick ? ", though in a hurry not each with each" : ""}. --json lists each with its time.`,
    ...(failed.length > 0 ? ["Modes of PyTorch that do not work:", ...failed] : []),
  ].join("\n");
}

function importTable({ sparring, pytorch }) {
  const row = (name, { importMs, firstCallMs }) => [name, digits(importMs), digits(firstCallMs)];
  const rows = [row("Sparring", sparring), row("PyTorch", pytorch)];
  return markdownTable([["ms", "import", "first native call"], ...rows], { align: right(3) });
}

function overheadLine({ tickEvery1Us, tickEvery1000Us, tickUs }) {
  return (
    `JavaScript: a tick costs ${digits(tickUs)} µs (toy: ${digits(tickEvery1Us)} µs a step with a tick each, ` +
    `${digits(tickEvery1000Us)} µs with one every 1000)`
  );
}

function scalingTable(rows) {
  const cells = rows.map((row) => [
    row.name,
    ...[row.threads, row.batch].map(String),
    ...[digits(row.sparringFusedMs), digits(row.pytorchEagerMs), times(row.ratioEager)],
  ]);
  const header = ["", "threads", "batch", "fused ms", "PyTorch eager ms", "ratio"];
  return markdownTable([header, ...cells], { align: right(6), stringLength: width });
}

function precisionTable(rows) {
  const cells = rows.map((row) => [
    row.title,
    ...[row.eagerMs, row.fusedMs, row.bfloat16Ms].map((value) => digits(value)),
    times(row.ratio),
  ]);
  const header = ["ms a step", "eager", "fused", "fused, bfloat16", "against fused"];
  return markdownTable([header, ...cells], { align: right(5), stringLength: width });
}

function layersTable(rows) {
  const cells = rows.map((row) => [
    row.title,
    ...[digits(row.eagerMs), digits(row.fusedMs), times(row.ratio)],
    row.rewrites.join("; "),
  ]);
  const header = ["ms a step of such layers", "eager", "fused", "times as fast", "rewrites"];
  return markdownTable([header, ...cells], {
    align: ["l", "r", "r", "r", "l"],
    stringLength: width,
  });
}

function ranksTable(rows) {
  const cells = rows.map((row) => [
    `${row.title}, b${row.batch}`,
    ...[row.aloneMs, row.togetherMs].map((value) => digits(value)),
    ...[times(row.speedup), times(row.speedupApart), percent(row.communicationShare)],
    ...[digits(row.bytesPerStep / 1e6, 4), percent(row.bytesRatio)],
  ]);
  const header = [
    ...["ms a step", "one process", "two ranks", "speedup", "of two that share nothing"],
    ...["communication", "MB on the wire", "of the ring's"],
  ];
  return markdownTable([header, ...cells], { align: right(8), stringLength: width });
}

function packingLine(found) {
  const { images, imagesPerSecond, imagesPerCoreSecond, cachedSeconds, packedMb, peakMb } = found;
  const beside = found.besideSharp.map(
    (one) =>
      `from ${one.side}×${one.side} ${digits(one.imagesPerCoreSecond)} a second of one core, ` +
      `${times(one.ratio)} sharp alone (${digits(one.bareImagesPerCoreSecond)})`,
  );
  return (
    `Packing ${images} JPEGs of 64×64: ${digits(imagesPerSecond)} images a second, ${digits(imagesPerCoreSecond)} a ` +
    `second of one core; from the cache in ${digits(cachedSeconds)} s; ${digits(packedMb)} MB packed, ${digits(peakMb)} MB at most; ` +
    beside.join("; ")
  );
}

function streamingTable({ images, packedMb, ...kinds }) {
  const rows = Object.entries(kinds).map(([kind, found]) => [
    kind,
    ...[found.loadSeconds, found.stepsPerSecond].map((value) => digits(value)),
    ...[found.loadPeakMb, Math.max(...found.rssMb)].map((value) => digits(value)),
  ]);
  const head = `${images} images, ${digits(packedMb)} MB packed`;
  const header = [head, "seconds to load", "steps a second", "MB at most, loading", "training"];
  return markdownTable([header, ...rows], { align: right(5), stringLength: width });
}

function parzenLine({ count, threads, seconds, coreSeconds, mb }) {
  return (
    `Parzen window of ${count} samples on ${count} images of 28×28: ${digits(seconds)} s on ${threads} threads ` +
    `(${digits(coreSeconds)} s of cores), ${digits(mb)} MB beside the images`
  );
}

function checkpointLine({ megabytes, loadMs, copyMs, stepMs, nextStepMs, ...saves }) {
  const [idle, training, first] = [saves.idleSaveMs, saves.saveMs, saves.firstSaveMs].map((ms) =>
    digits(ms),
  );
  return (
    `A checkpoint of the article's pair, ${digits(megabytes)} MB: saved in ${idle} ms, in ${training} ms beside its training (the ` +
    `first in ${first}), loaded in ${digits(loadMs)}; the step after it takes ${digits(nextStepMs)} ms, another ${digits(stepMs)}, ` +
    `and waits for the copy, ${digits(copyMs)} ms by itself`
  );
}

/** Characters, not code units. */
function width(text) {
  return [...text].length;
}
