// The results as tables for people.
import { targets } from "./cases.mjs";
import { questions } from "./questions.mjs";
import { digits, percent, table, times } from "./text.mjs";

/** Everything that was measured, as one text. */
export function describe(result) {
  const { cases, extras } = result;
  return [
    heading(result),
    ...(cases.length > 0 ? [ratioTable(result), detailTable(cases), notes(result)] : []),
    ...questions.flatMap(({ name, describe }) => (extras[name] ? [describe(extras[name])] : [])),
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
      times(one.ratioEager),
      `≥ ${one.target}×`,
      times(one.ratioCompile),
      `≥ ${targets.slowest}×`,
    ];
  });
  const mean = [times(geomean.ratioEager), `≥ ${targets.eager}×`];
  const meanBest = [times(geomean.ratioCompile), `≥ ${targets.compile}×`];
  const header = ["ms a step", "fused", "eager", "PyTorch eager", "PyTorch best"];
  const ratios = ["against PyTorch eager", "target", "against its best", "target"];
  const last = ["geometric mean", "", "", "", "", ...mean, ...meanBest];
  return table([...header, ...ratios], [...rows, last]);
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
    "",
    "peak MB: fused / eager / PyTorch eager / best",
    "share of ceiling: fused",
    "PyTorch eager / best",
    "GFLOP/s: GEMM / convolution",
    "PyTorch's best mode",
  ];
  return table(header, rows, ["l", "r", "r", "r", "r", "l"]);
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
