import * as check from "../check.js";
import { wrongType } from "../errors.js";
import type { Layer } from "./layer.js";

const advice = "; what comes in is left out, and options have names";

/**
 * A layer as data. Options in PyTorch's order, maxPool2d(3, 2), would be nothing once they are
 * spread: they are refused. So is what a list method gives on, `sizes.map(linear)`, and an option
 * that would take the place of an argument, conv2d(8, 3, { kernelSize: 5 }): nobody would know
 * afterwards. All else is checked where a network is built, which names the layer's place.
 */
export function withOptions(layer: Layer, options: object): Layer {
  const name = `the last argument of ${layer.type}()`;
  if (!check.isObject(options)) throw wrongType("an object of options", name, options, advice);
  const twice = Object.keys(options).find((key) => layer[key] !== undefined);
  if (twice !== undefined)
    throw wrongType(`no ${twice}, which the layer has already,`, name, options);
  return { ...layer, ...(options as Partial<Layer>) };
}
