import type { ResolvedLayer } from "../../lib/layers/layer.js";

/**
 * The types of the layers and of those within them, and every option of one that has the same value
 * in all of them: `conv2d.bias`.
 */
export function optionsSeen(layers: Iterable<ResolvedLayer>): { types: string[]; once: string[] } {
  const seen = new Map<string, Map<string, Set<string>>>();
  const look = (layer: ResolvedLayer) => {
    const options = seen.get(layer.type) ?? new Map<string, Set<string>>();
    seen.set(layer.type, options);
    for (const [option, value] of Object.entries(layer.options))
      options.set(option, (options.get(option) ?? new Set()).add(JSON.stringify(value)));
    layer.layers.forEach(look);
  };
  for (const layer of layers) look(layer);
  const once = [...seen].flatMap(([type, options]) =>
    [...options].flatMap(([option, values]) => (values.size > 1 ? [] : [`${type}.${option}`])),
  );
  return { types: [...seen.keys()].sort(), once };
}
