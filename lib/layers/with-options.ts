import * as check from "../check.js";
import { wrongType } from "../errors.js";
import type { Layer } from "./layer.js";

const advice = "; what comes in is left out, and options have names";

/**
 * A layer as data. Options in PyTorch's order, maxPool2d(3, 2), would be nothing once they are
 * spread: they are refused. So is what a list method gives on, `sizes.map(linear)`.
 */
export function withOptions(layer: Layer, options: object): Layer {
  if (!check.isObject(options))
    throw wrongType(
      "an object of options",
      `the last argument of ${layer.type}()`,
      options,
      advice,
    );
  return { ...layer, ...(options as Partial<Layer>) };
}
