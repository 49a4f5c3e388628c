// Layers that see a style: the mapping of StyleGAN, and the synthesis that it styles.
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, told, withLabels } from "./python.js";
import { sequential } from "./sequential.js";

/** The two parts of a styled generator. */
export interface Styled {
  /** Layers from the input to `[features]`: w, the style. */
  readonly mapping: readonly Layer[];
  /** Layers from w on; those that take a style, such as `modulatedConv2d`, see w wherever they are. */
  readonly synthesis: readonly Layer[];
}

/**
 * A generator of styles (Karras et al. 2019, A Style-Based Generator Architecture for Generative
 * Adversarial Networks): a mapping makes w of the input, and every `modulatedConv2d` of the
 * synthesis is styled by w. What goes into the synthesis is w, too; as a rule it begins with a
 * `constant` and forgets that. Keys begin with `mapping.` and `synthesis.`.
 */
export function styled(parts: Styled, options: { name?: string | undefined } = {}): Layer {
  if (!check.isObject(parts)) throw wrongType("an object { mapping, synthesis }", "styled", parts);
  check.options(parts, "styled", names);
  const layers = names.map((name) => sequential(name, parts[name]));
  return { type: "styled", ...options, layers };
}

const names = ["mapping", "synthesis"] as const;

const helper = `class Styled(nn.Module):
    """Layers that see the w which a mapping makes of the input (Karras et al. 2019)."""

    def __init__(self, mapping, synthesis):
        super().__init__()
        self.mapping = mapping
        self.synthesis = synthesis

    def seen(self, w, synthesis):
        seeing = [one for one in self.synthesis.modules() if getattr(one, "takes_style", False)]
        for module in seeing:
            module.w = w
        x = synthesis(w)
        for module in seeing:
            module.w = None
        return x

    def forward(self, x):
        return self.seen(self.mapping(x), self.synthesis)`;

const labelledHelper = `class LabelledStyled(Styled):
    """Styled layers of which some take labels."""

    takes_labels = True

    def forward(self, x, labels):
        w = told(self.mapping, x, labels)
        return self.seen(w, lambda w: told(self.synthesis, w, labels))`;

export const styledKind = layerKind({
  options: ["layers"],
  bends: () => "never",
  resolve(layer, input, at) {
    const received: unknown[] = Array.isArray(layer.layers) ? layer.layers : [];
    const isPart = (part: unknown, i: number) =>
      check.isObject(part) && part.type === "sequential" && part.name === names[i];
    if (received.length !== names.length || !received.every(isPart))
      throw wrongType(
        `sequentials named ${names.join(" and ")}`,
        at.option("layers"),
        layer.layers,
      );
    const path = (name: string) => `${at.path}.${name}`;
    const mapping = at.around.single(received[0], input, path("mapping"), "mapping");
    const [features, ...sides] = mapping.output as [number, ...number[]];
    if (sides.length > 0) {
      const end = `[${mapping.output.join(", ")}]`;
      throw at.refuseWhat("a mapping that ends in [features]", end, "put flatten() behind it");
    }
    const seeing = at.around.styled(features);
    const synthesis = seeing.single(received[1], mapping.output, path("synthesis"), "synthesis");
    return { options: {}, layers: [mapping, synthesis], output: synthesis.output };
  },
  python({ layers, takesLabels }, write) {
    const parts = layers.map(write);
    return takesLabels
      ? {
          module: call("LabelledStyled", ...parts),
          helpers: [helper, told, labelledHelper],
          forward: withLabels,
        }
      : { module: call("Styled", ...parts), helpers: [helper] };
  },
  onnx({ layers }, x, to) {
    const [mapping, synthesis] = layers as [(typeof layers)[number], (typeof layers)[number]];
    const w = to.layer(mapping, x);
    return to.styled(synthesis, w, w);
  },
});
