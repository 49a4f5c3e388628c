// Layers side by side on one input: residual connections and a discriminator's heads.
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import type { Shape } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { call, keyword, told, withLabels } from "./python.js";
import { sequential } from "./sequential.js";
import type { Site } from "./site.js";

/**
 * main(x) + skip(x) (He et al. 2016). Keys begin with `main.` and `skip.`.
 *
 * @param main layers of the branch that does the work
 * @param skip layers of the short way, which end in the same shape @default none: x itself
 */
export function residual(
  main: readonly Layer[],
  skip: readonly Layer[] = [],
  options: { name?: string | undefined } = {},
): Layer {
  const others = Array.isArray(skip) && skip.length === 0 ? [] : [sequential("skip", skip)];
  return { type: "residual", ...options, layers: [sequential("main", main), ...others] };
}

/** What a discriminator tells of an image: layers for each answer, all on one input. */
export interface Heads {
  /** Ends in [1]: how real it is. */
  readonly score: readonly Layer[];
  /** Ends in [classes]: logits of its class. @default none */
  readonly classes?: readonly Layer[] | undefined;
  /** Ends in [codes]: the continuous codes it was made of. @default none */
  readonly codes?: readonly Layer[] | undefined;
}

/**
 * A discriminator's answers side by side, `[1 + classes + codes]`, as its last layer: an auxiliary
 * classifier (Odena et al. 2017) and the codes of InfoGAN (Chen et al. 2016). Keys begin with
 * `score.`, `classes.`, `codes.`.
 */
export function heads(branches: Heads, options: { name?: string | undefined } = {}): Layer {
  if (!check.isObject(branches))
    throw wrongType("an object { score, classes, codes }", "heads", branches);
  check.options(branches, "heads", headNames);
  const layers = headNames.flatMap((name) =>
    branches[name] === undefined && name !== "score"
      ? []
      : [sequential(name, branches[name] as readonly Layer[])],
  );
  return { type: "heads", ...options, layers };
}

const headNames = ["score", "classes", "codes"] as const;

/** Resolves sequentials that have these names, in this order; all but the first may be missing. */
export function resolveBranches(
  layer: Layer,
  input: Shape,
  at: Site,
  names: readonly string[],
): ResolvedLayer[] {
  const received: unknown[] = Array.isArray(layer.layers) ? layer.layers : [];
  const found = received.map((branch) =>
    check.isObject(branch) && branch.type === "sequential"
      ? names.indexOf(branch.name as string)
      : -1,
  );
  const ordered = found.every((index, i) => index > (i === 0 ? -1 : (found[i - 1] as number)));
  if (found[0] !== 0 || !ordered) {
    const what =
      names.length === 1
        ? `one sequential named ${names[0]}`
        : `sequentials named ${names.join(", ")}, of which only ${names[0]} must be there,`;
    throw wrongType(what, at.option("layers"), layer.layers);
  }
  return received.map((branch, i) => {
    const name = names[found[i] as number] as string;
    return at.around.single(branch, input, `${at.path}.${name}`, name);
  });
}

const residualHelper = `class Residual(nn.Module):
    """main(x) + skip(x), where without a second branch skip(x) is x (He et al. 2016)."""

    def __init__(self, main, skip=None):
        super().__init__()
        self.main = main
        self.skip = skip

    def forward(self, x):
        return self.main(x) + (x if self.skip is None else self.skip(x))`;

const labelledResidualHelper = `class LabelledResidual(Residual):
    """A residual of which some branches take labels."""

    takes_labels = True

    def forward(self, x, labels):
        skip = x if self.skip is None else told(self.skip, x, labels)
        return told(self.main, x, labels) + skip`;

export const residualKind = layerKind({
  options: ["layers"],
  isSideBySide: true,
  bends: () => "never",
  resolve(layer, input, at) {
    const layers = resolveBranches(layer, input, at, ["main", "skip"]);
    const output = layers[0]?.output ?? input;
    const other = layers[1]?.output ?? input;
    if (output.join() !== other.join()) {
      const [main, skip] = [output, other].map((shape) => `[${shape.join(", ")}]`);
      throw at.refuseWhat(
        "two branches that end in one shape",
        layers.length > 1 ? `main ${main} and skip ${skip}` : `main ${main} and its input ${skip}`,
        layers.length > 1 ? "" : `give it a skip that ends in ${main}`,
      );
    }
    return { options: {}, layers, output };
  },
  python({ layers, takesLabels }, write) {
    const branches = layers.map(write);
    return takesLabels
      ? {
          module: call("LabelledResidual", ...branches),
          helpers: [residualHelper, told, labelledResidualHelper],
          forward: withLabels,
        }
      : { module: call("Residual", ...branches), helpers: [residualHelper] };
  },
  onnx({ layers: [main, skip] }, x, to) {
    const ways = [main, skip].map((way) => (way === undefined ? x : to.layer(way, x)));
    return to.node("Add", ways);
  },
});

const headsHelper = `class Heads(nn.Module):
    """Branches on one input, their outputs side by side: a score, logits of classes, codes."""

    def __init__(self, **branches):
        super().__init__()
        for name, branch in branches.items():
            self.add_module(name, branch)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.children()], 1)`;

const labelledHeadsHelper = `class LabelledHeads(Heads):
    """Heads of which some branches take labels."""

    def forward(self, x, labels):
        return torch.cat([told(branch, x, labels) for branch in self.children()], 1)`;

export const headsKind = layerKind({
  options: ["layers"],
  isSideBySide: true,
  bends: () => "never",
  resolve(layer, input, at) {
    if (at.around.player !== "discriminator" || at.spot !== "last") {
      const where = at.spot === "inside" ? "inside another layer" : at.spot;
      const received = at.around.player === "generator" ? "one in a generator" : `one ${where}`;
      throw at.refuseWhat("a place as the last of a discriminator's own layers", received);
    }
    const layers = resolveBranches(layer, input, at, headNames);
    for (const { name, path, output } of layers) {
      const fits = output.length === 1 && (name !== "score" || output[0] === 1);
      if (fits) continue;
      const needed = name === "score" ? "[1] (a score)" : `[${name}]`;
      throw at.refuseWhat(`${path} to end in ${needed}`, `[${output.join(", ")}]`);
    }
    const width = layers.reduce((total, { output }) => total + (output[0] as number), 0);
    return { options: {}, layers, output: [width] };
  },
  python({ layers, takesLabels }, write) {
    const branches = layers.map((layer) => keyword(layer.name, write(layer)));
    return takesLabels
      ? {
          module: call("LabelledHeads", ...branches),
          helpers: [headsHelper, told, labelledHeadsHelper],
          forward: withLabels,
        }
      : { module: call("Heads", ...branches), helpers: [headsHelper] };
  },
});
