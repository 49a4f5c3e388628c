import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { wrongType } from "../errors.js";

/** The feature network that comes with the package. */
export const defaultFeatures = "classifier";

/** `classifier`, or the path of a file that is there. */
export function planFeatures(features: unknown, name: string): string {
  if (features === undefined || features === defaultFeatures) return defaultFeatures;
  const what = "classifier or a TorchScript file";
  if (typeof features !== "string" || features === "") throw wrongType(what, name, features);
  if (!existsSync(features)) throw wrongType(what, name, features, " (no such file or folder)");
  return resolve(features);
}
