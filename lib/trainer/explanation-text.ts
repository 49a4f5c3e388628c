// An explanation for a terminal.
import type { ExplainedOperation, Explanation, Refusal } from "./explain.js";

const kinds: Readonly<Record<Explanation["kind"], string>> = {
  eager: "PyTorch's operations, one by one",
  rewritten: "fewer operations than PyTorch's, by autograd",
  planned: "a list of calls into buffers that stay, without a graph",
  replayed: "recorded on the GPU, one launch",
};

/** Several lines, without a newline at the end. */
export function formatExplanation(told: Explanation): string {
  const networks = [table("generator", told.generator), table("discriminator", told.discriminator)];
  return [
    `A step on ${told.batchSize} images: ${kinds[told.kind]}.`,
    ...(told.onePass ? ["Reals and fakes go through the discriminator in one pass."] : []),
    ...networks.flatMap((lines) => ["", ...lines]),
    ...notDone(told),
    "",
    cost(told),
  ].join("\n");
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
function span(layers: readonly string[]): string {
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

/** A reason once, with the layers that it holds for. */
function notDone({ refusals, generator, discriminator }: Explanation): string[] {
  const where = new Map<string, string[]>();
  const note = ({ rewrite, reason }: Refusal, layers: readonly string[]) => {
    const sentence = `${rewrite}: ${reason}`;
    where.set(sentence, [...(where.get(sentence) ?? []), ...layers]);
  };
  for (const refusal of refusals) note(refusal, []);
  for (const { refusals, layers } of [...generator, ...discriminator])
    for (const refusal of refusals) note(refusal, [span(layers)]);
  if (where.size === 0) return [];
  const lines = [...where].map(([sentence, layers]) =>
    layers.length === 0 ? `  ${sentence}` : `  ${sentence} (${layers.join(", ")})`,
  );
  return ["", "Not done:", ...lines];
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
