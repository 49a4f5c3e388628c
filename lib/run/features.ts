import { resolve } from "node:path";
import { wrongType } from "../errors.js";
import { whyMissing } from "../files.js";

/** The feature network that comes with the package. */
export const defaultFeatures = "classifier";

/** `classifier`, or the path of a file that is there. */
export function planFeatures(features: unknown, name: string): string {
  if (features === undefined || features === defaultFeatures) return defaultFeatures;
  const what = "classifier or a TorchScript file";
  if (typeof features !== "string" || features === "") throw wrongType(what, name, features);
  const why = whyMissing(features);
  if (why !== undefined) throw wrongType(what, name, features, ` (${why})`);
  return resolve(features);
}
