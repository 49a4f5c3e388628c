import type { ResolvedArchitecture } from "../architecture.js";
import type { NativeLatent } from "../native.js";
import { moduleSource } from "./module.js";

/** The source of a generator: its forward() takes noise, labels and codes one by one. */
export function generatorSource(resolved: ResolvedArchitecture, latent: NativeLatent): string {
  const { noise, classes, codes, oneHot } = latent;
  const parameters = ["noise", ...(classes > 0 ? ["labels"] : []), ...(codes > 0 ? ["codes"] : [])];
  const shapes = [
    `noise [N, ${noise}]`,
    ...(classes > 0 ? [labelsOf(classes)] : []),
    ...(codes > 0 ? [`codes [N, ${codes}]`] : []),
  ];
  const parts = [
    "noise",
    ...(classes > 0 && oneHot ? [`F.one_hot(labels, ${classes}).to(noise.dtype)`] : []),
    ...(codes > 0 ? ["codes"] : []),
  ];
  return moduleSource(resolved, {
    className: "Generator",
    docstring: `${shapes.join(", ")} -> [N, ${resolved.output.join(", ")}]`,
    parameters,
    input: parts.length === 1 ? "noise" : `torch.cat([${parts.join(", ")}], 1)`,
  });
}

/** Labels as a docstring tells of them. */
export function labelsOf(classes: number): string {
  return `labels [N] (int64, 0 to ${classes - 1})`;
}
