// Layers that see a style: the mapping of StyleGAN, and the synthesis that it styles.
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { call, keywords, literal, told, withLabels } from "./python.js";
import { sequential } from "./sequential.js";
import type { Site, Surroundings } from "./site.js";
import { kept } from "./state.js";
import { withOptions } from "./with-options.js";

/** The two parts of a styled generator. */
export interface Styled {
  /** Layers from the input to `[features]`: w, the style. */
  readonly mapping: readonly Layer[];
  /** Layers from w on; what takes a style, such as `modulatedConv2d`, sees w wherever it is. */
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
  /**
   * Style mixing (Karras et al. 2019, section 3.1): the chance, from 0 to 1, that in a pass of
   * training the layers that take a style see another one from one of them on, that of the same
   * labels and codes and of noise drawn anew. Which one is drawn for the whole batch, from the
   * second to the last. It needs the place of a generator's first layer, and two layers that take a
   * style.
   * @default 0
   */
  readonly mixing?: number | undefined;
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

    def takers(self, module):
        """The layers in it that take this style, in order: a synthesis inside has another."""
        if getattr(module, "takes_style", False):
            return [module]
        if isinstance(module, Styled):
            return self.takers(module.mapping)
        return [taker for part in module.children() for taker in self.takers(part)]

    def styles(self, x, w, mapping, count):
        return [w] * count

    def styled(self, x, mapping, synthesis):
        w = mapping(x)
        if self.training:
            mean = w.detach().to(self.w_avg.dtype).mean(0)
            self.w_avg.copy_(mean.lerp(self.w_avg, self.average_decay))
        elif self.truncation_psi != 1:
            w = self.w_avg.lerp(w, self.truncation_psi)
        takers = self.takers(self.synthesis)
        for taker, style in zip(takers, self.styles(x, w, mapping, len(takers))):
            taker.w = style
        x = synthesis(w)
        for taker in takers:
            taker.w = None
        return x

    def forward(self, x):
        return self.styled(x, self.mapping, self.synthesis)`;

const labelledHelper = `class LabelledStyled(Styled):
    """Styled layers of which some take labels."""

    takes_labels = True

    def forward(self, x, labels):
        mapping = lambda x: told(self.mapping, x, labels)
        return self.styled(x, mapping, lambda w: told(self.synthesis, w, labels))`;

const mixedHelper = `class MixedStyled(Styled):
    """Styled layers that in training may see the w of another latent, from one of them on."""

    def __init__(self, *parts, noise, mixing, distribution="normal", **options):
        super().__init__(*parts, **options)
        self.noise = noise
        self.mixing = mixing
        self.distribution = distribution

    def styles(self, x, w, mapping, count):
        if not self.training:
            return super().styles(x, w, mapping, count)
        crossover = torch.empty([], dtype=torch.int64, device=x.device).random_(1, count)
        mixes = torch.rand([], device=x.device) < self.mixing
        crossover = torch.where(mixes, crossover, count)
        noise = torch.empty(len(x), self.noise, dtype=x.dtype, device=x.device)
        bound = math.sqrt(3)
        noise = noise.normal_() if self.distribution == "normal" else noise.uniform_(-bound, bound)
        other = mapping(torch.cat([noise, x[:, self.noise :]], 1))
        return [torch.where(i < crossover, w, other) for i in range(count)]`;

const labelledMixedHelper = `class LabelledMixedStyled(LabelledStyled, MixedStyled):
    """Mixed styles of layers of which some take labels."""`;

export const styledKind = layerKind({
  options: ["layers", "styleFeatures", "averageDecay", "mixing", "noiseFeatures", "distribution"],
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
    const averageDecay = check.between(
      layer.averageDecay ?? 0.998,
      at.option("averageDecay"),
      0,
      1,
    );
    const mixing = check.between(layer.mixing ?? 0, at.option("mixing"), 0, 1);
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
    const options = {
      ...{ styleFeatures: features, averageDecay, mixing },
      ...drawnAnew(layer, mixing > 0 ? at.around.latent : undefined, at),
    };
    if (mixing > 0) checkMixing(synthesis, at);
    return { options, layers: [mapping, synthesis], output: synthesis.output };
  },
  // The other w is made in every pass: which w a layer sees is drawn on the device.
  timesInside: ({ options }) => [options.mixing > 0 ? 2 : 1, 1],
  buffers: ({ options }) => ({ w_avg: kept(options.styleFeatures) }),
  python(layer, write) {
    const { styleFeatures, mixing, noiseFeatures } = layer.options;
    const mixes = mixing > 0;
    const parts = [
      ...layer.layers.map(write),
      literal(styleFeatures),
      ...(mixes ? [`noise=${literal(noiseFeatures)}`, `mixing=${literal(mixing)}`] : []),
      ...keywords(layer, { distribution: "normal", averageDecay: 0.998 }),
    ];
    const mixed = mixes ? [mixedHelper] : [];
    const imports = mixes ? { import: "import math" } : {};
    if (!layer.takesLabels)
      return {
        module: call(mixes ? "MixedStyled" : "Styled", ...parts),
        helpers: [helper, ...mixed],
        ...imports,
      };
    return {
      module: call(mixes ? "LabelledMixedStyled" : "LabelledStyled", ...parts),
      helpers: [helper, told, ...mixed, labelledHelper, ...(mixes ? [labelledMixedHelper] : [])],
      forward: withLabels,
      ...imports,
    };
  },
  onnx({ layers }, x, to) {
    const [mapping, synthesis] = layers as [(typeof layers)[number], (typeof layers)[number]];
    const w = to.layer(mapping, x);
    return to.styled(synthesis, w, w);
  },
});

/** What a second latent is drawn of, where there is one. */
function drawnAnew(layer: Layer, latent: Surroundings["latent"], at: Site) {
  const { noise = 0, distribution = "normal" } = latent ?? {};
  const stated = {
    noiseFeatures: check.integer(layer.noiseFeatures ?? noise, at.option("noiseFeatures"), 0),
    distribution: check.oneOf(layer.distribution ?? distribution, at.option("distribution"), [
      "normal",
      "uniform",
    ]),
  };
  if (stated.noiseFeatures !== noise || stated.distribution !== distribution)
    throw at.refuseWhat(
      `a latent of ${stated.noiseFeatures} numbers of ${stated.distribution} noise`,
      `one of ${noise} of ${distribution}`,
    );
  return stated;
}

/** Throws ERR_ARCHITECTURE where no latent comes in, or no layer could see another style. */
function checkMixing(synthesis: ResolvedLayer, at: Site): void {
  if (at.around.player === "discriminator" || !at.isFirst) {
    const received =
      at.around.player === "discriminator"
        ? "one in a discriminator"
        : at.spot === "inside"
          ? "one inside another layer"
          : "one behind others";
    throw at.refuseWhat("a place as the first of a generator's own layers (for mixing)", received);
  }
  const takers = countTakers(synthesis);
  if (takers < 2)
    throw at.refuseWhat("at least 2 layers that take a style (for mixing)", String(takers));
}

/** Layers that take the style of a synthesis: one inside has another, its mapping this one. */
function countTakers({ type, layers }: ResolvedLayer): number {
  if (type === "modulatedConv2d") return 1;
  const seeing = type === "styled" ? layers.slice(0, 1) : layers;
  return seeing.reduce((sum, layer) => sum + countTakers(layer), 0);
}
