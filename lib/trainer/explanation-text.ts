// An explanation for a terminal.
import { counted } from "../count.js";
import type { ExplainedOperation, Explanation, Refusal, StepPlan } from "./explanation.js";

/** How a step is carried out, in words. */
export const kinds: Readonly<Record<StepPlan["kind"], string>> = {
  eager: "PyTorch's operations, one by one",
  rewritten: "fewer operations than PyTorch's, by autograd",
  planned: "a list of calls into buffers that stay, without a graph",
  replayed: "recorded on the GPU, one launch",
};

/** Several lines, without a newline at the end. */
export function formatExplanation(told: Explanation): string {
  const frozen = frozenText(told);
  const networks = [table("generator", told.generator), table("discriminator", told.discriminator)];
  return [
    `A step on ${counted(told.batchSize, "image")}${partsText(told)}: ${kinds[told.kind]}.`,
    ...(told.onePass ? ["Reals and fakes go through the discriminator in one pass."] : []),
    ...(frozen === "" ? [] : [`Frozen: ${frozen}.`]),
    ...(told.rewrites.length > 0 ? [`The step as a whole: ${told.rewrites.join("; ")}.`] : []),
    ...networks.flatMap((lines) => ["", ...lines]),
    ...notDoneLines(told),
    "",
    cost(told),
  ].join("\n");
}

/** `0.weight of the generator; 1.weight … 3.bias of the discriminator`; empty where nothing is. */
export function frozenText({ frozen }: StepPlan): string {
  return ofPlayers(span(frozen.generator), span(frozen.discriminator));
}

/** What is said of each network, an empty text where there is nothing, as one. */
export function ofPlayers(generator: string, discriminator: string): string {
  return Object.entries({ generator, discriminator })
    .filter(([, text]) => text !== "")
    .map(([player, text]) => `${text} of the ${player}`)
    .join("; ");
}

/** ` in 4 parts` */
export function partsText({ accumulate }: { readonly accumulate: number }): string {
  return accumulate === 1 ? "" : ` in ${accumulate} parts`;
}

function table(title: string, operations: readonly ExplainedOperation[]): string[] {
  const rows = operations.map(({ layers, output, flops, rewrites }) => [
    span(layers),
    output.join(" × "),
    flops === 0 ? "" : amount(flops, "FLOP"),
    rewrites.join("; "),
  ]);
  return columns([[title, "output", "forward", "rewrites"], ...rows]);
}

/** `conv_blocks.1 … conv_blocks.3` */
export function span(layers: readonly string[]): string {
  return layers.length < 3 ? layers.join(", ") : `${layers[0]} … ${layers.at(-1)}`;
}

/** Cells as lines, each column as wide as its widest. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/**
 * What was not done and why, once, with the layers that it holds for; none where it holds for the
 * step.
 */
export interface NotDone extends Refusal {
  readonly layers: readonly string[];
}

export function notDone({ refusals, generator, discriminator }: StepPlan): NotDone[] {
  const found = new Map<string, NotDone & { readonly layers: string[] }>();
  const note = ({ rewrite, reason }: Refusal, layers: readonly string[]) => {
    const sentence = `${rewrite}: ${reason}`;
    const one = found.get(sentence) ?? { rewrite, reason, layers: [] };
    one.layers.push(...layers);
    found.set(sentence, one);
  };
  for (const refusal of refusals) note(refusal, []);
  for (const { refusals, layers } of [...generator, ...discriminator])
    for (const refusal of refusals) note(refusal, [span(layers)]);
  return [...found.values()];
}

function notDoneLines(plan: StepPlan): string[] {
  const lines = notDone(plan).map(({ rewrite, reason, layers }) => {
    const where = layers.length === 0 ? "" : ` (${layers.join(", ")})`;
    return `  ${rewrite}: ${reason}${where}`;
  });
  return lines.length === 0 ? [] : ["", "Not done:", ...lines];
}

function cost({ flops, bytes, buffers, floor }: Explanation): string {
  const { flopsPerSecond, bytesPerSecond, milliseconds } = floor;
  const machine = `${amount(flopsPerSecond, "FLOP/s")} and ${amount(bytesPerSecond, "B/s")}`;
  return `${amount(flops, "FLOP")} and ${amount(bytes, "B")} of memory traffic a step, at least ${amount(buffers, "B")} of buffers; at ${machine} no faster than ${milliseconds.toPrecision(3)} ms.`;
}

/** `19.3 GFLOP` */
export function amount(value: number, unit: string): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), prefixes.length - 1);
  return `${Number((value / 1000 ** power).toPrecision(3))} ${prefixes[power]}${unit}`;
}
