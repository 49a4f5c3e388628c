import { patchesOf, type ResolvedArchitecture } from "../architecture.js";
import { labelsOf } from "./generator.js";
import { moduleSource } from "./module.js";

/** The source of a discriminator: its forward() takes images, and labels if it is conditional. */
export function discriminatorSource(
  resolved: ResolvedArchitecture,
  heads: { readonly classes: number; readonly codes: number },
): string {
  const { classes, input, output } = resolved;
  const shapes = [`image [N, ${input.join(", ")}]`, ...(classes > 0 ? [labelsOf(classes)] : [])];
  const answers = [
    patchesOf(resolved) === undefined ? "score" : "scores of patches",
    ...(heads.classes > 0 ? [`logits of ${heads.classes} classes`] : []),
    ...(heads.codes > 0 ? [`${heads.codes} codes`] : []),
  ];
  return moduleSource(resolved, {
    className: "Discriminator",
    docstring: `${shapes.join(", ")} -> [N, ${output.join(", ")}] (${answers.join(", ")})`,
    parameters: ["image", ...(classes > 0 ? ["labels"] : [])],
    input: "image",
  });
}
