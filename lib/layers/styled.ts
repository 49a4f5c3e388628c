// Layers that see a style: the mapping of StyleGAN, and the synthesis that it styles.
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, keywords, literal, told, withLabels } from "./python.js";
import { sequential } from "./sequential.js";
import { kept } from "./state.js";
import { withOptions } from "./with-options.js";

/** The two parts of a styled generator. */
export interface Styled {
  /** Layers from the input to `[features]`: w, the style. */
  readonly mapping: readonly Layer[];
  /** Layers from w on; those that take a style, such as `modulatedConv2d`, see w wherever they are. */
  readonly synthesis: readonly Layer[];
}

/** Options of styled. */
export interface StyledOptions {
  /**
   * How slowly the running mean of w moves, from 0 to 1: with each pass of training it becomes
   * averageDecay times itself and 1 − averageDecay times the mean of w over the batch.
   * @default 0.998
   */
  readonly averageDecay?: number | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * A generator of styles (Karras et al. 2019, A Style-Based Generator Architecture for Generative
 * Adversarial Networks): a mapping makes w of the input, and every `modulatedConv2d` of the
 * synthesis is styled by w. What goes into the synthesis is w, too; as a rule it begins with a
 * `constant` and forgets that. A running mean of w, which begins at 0, is what `truncationPsi` of
 * sample() takes w nearer to. Keys: `w_avg` for that mean, `mapping.*` and `synthesis.*`.
 */
export function styled(parts: Styled, options: StyledOptions = {}): Layer {
  if (!check.isObject(parts)) throw wrongType("an object { mapping, synthesis }", "styled", parts);
  check.options(parts, "styled", names);
  const layers = names.map((name) => sequential(name, parts[name]));
  return withOptions({ type: "styled", layers }, options);
}

const names = ["mapping", "synthesis"] as const;

const helper = `class Styled(nn.Module):
    """Layers that see the w which a mapping makes of the input (Karras et al. 2019)."""

    def __init__(self, mapping, synthesis, features, average_decay=0.998):
        super().__init__()
        self.mapping = mapping
        self.synthesis = synthesis
        self.average_decay = average_decay
        # In evaluation: how far each w is from their mean, in parts of how far it would be.
        self.truncation_psi = 1.0
        self.register_buffer("w_avg", torch.zeros(features))

    def styled(self, x, mapping, synthesis):
        w = mapping(x)
        if self.training:
            mean = w.detach().to(self.w_avg.dtype).mean(0)
            self.w_avg.copy_(mean.lerp(self.w_avg, self.average_decay))
        elif self.truncation_psi != 1:
            w = self.w_avg.lerp(w, self.truncation_psi)
        seeing = [one for one in self.synthesis.modules() if getattr(one, "takes_style", False)]
        for module in seeing:
            module.w = w
        x = synthesis(w)
        for module in seeing:
            module.w = None
        return x

    def forward(self, x):
        return self.styled(x, self.mapping, self.synthesis)`;

const labelledHelper = `class LabelledStyled(Styled):
    """Styled layers of which some take labels."""

    takes_labels = True

    def forward(self, x, labels):
        mapping = lambda x: told(self.mapping, x, labels)
        return self.styled(x, mapping, lambda w: told(self.synthesis, w, labels))`;

export const styledKind = layerKind({
  options: ["layers", "styleFeatures", "averageDecay"],
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
    const averageDecay = check.between(layer.averageDecay ?? 0.998, at.option("averageDecay"), 0, 1);
    const path = (name: string) => `${at.path}.${name}`;
    const mapping = at.around.single(received[0], input, path("mapping"), "mapping");
    const [features, ...sides] = mapping.output as [number, ...number[]];
    if (sides.length > 0) {
      const end = `[${mapping.output.join(", ")}]`;
      throw at.refuseWhat("a mapping that ends in [features]", end, "put flatten() behind it");
    }
    const stated = check.integer(layer.styleFeatures ?? features, at.option("styleFeatures"), 1);
    if (stated !== features)
      throw at.refuseWhat(`a mapping that ends in [${stated}]`, `one in [${features}]`);
    const seeing = at.around.styled(features);
    const synthesis = seeing.single(received[1], mapping.output, path("synthesis"), "synthesis");
    const options = { styleFeatures: features, averageDecay };
    return { options, layers: [mapping, synthesis], output: synthesis.output };
  },
  buffers: ({ options }) => ({ w_avg: kept(options.styleFeatures) }),
  python(layer, write) {
    const parts = [
      ...layer.layers.map(write),
      literal(layer.options.styleFeatures),
      ...keywords(layer, { averageDecay: 0.998 }),
    ];
    return layer.takesLabels
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
