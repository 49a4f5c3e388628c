import * as check from "../check.js";
import { wrongType } from "../errors.js";
import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import type { Shape } from "../shape.js";
import type { Scores, UnconditionalDiscriminator } from "./options.js";

/**
 * The discriminator that goes with `upsampling` in most collections of PyTorch scripts: four
 * strided convolutions, 16 → 32 → 64 → 128, each with LeakyReLU(0.2) and Dropout(0.25),
 * BatchNorm(eps 0.8) on all but the first, then a Linear. Its keys are `model.*` and `adv_layer.*`;
 * with further heads, `model.*` and `heads.score.*`, `heads.classes.*`, `heads.codes.*`.
 *
 * @param options.scores `logit`: without a Sigmoid at the end @default "probability"
 * @param options.classes layers of a head that ends in logits of classes @default none
 * @param options.codes layers of a head that ends in continuous codes @default none
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function convolutional(options: {
  image: Shape;
  scores?: Scores | undefined;
  classes?: readonly Layer[] | undefined;
  codes?: readonly Layer[] | undefined;
}): UnconditionalDiscriminator {
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["image", "scores", "classes", "codes"]);
  const image = check.shape(options.image, "image", 3);
  const scores = check.oneOf(options.scores ?? "probability", "scores", ["probability", "logit"]);
  const score = [l.linear(1), ...(scores === "probability" ? [l.sigmoid()] : [])];
  const { classes, codes } = options;
  const end =
    classes === undefined && codes === undefined
      ? l.sequential("adv_layer", score)
      : l.heads({ score, classes, codes }, { name: "heads" });
  return { image, layers: [l.sequential("model", body()), l.flatten(), end] };
}

function body(): Layer[] {
  const block = (width: number): Layer[] => [
    l.conv2d(width, 3, { stride: 2, padding: 1 }),
    l.leakyRelu(0.2),
    l.dropout(0.25),
  ];
  // 0.8 is BatchNorm's eps, as in `upsampling`.
  const normed = (width: number) => [...block(width), l.batchNorm2d({ eps: 0.8 })];
  return [...block(16), ...normed(32), ...normed(64), ...normed(128)];
}
