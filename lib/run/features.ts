import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { wrongType } from "../errors.js";

/** The feature network that comes with the package. */
export const defaultFeatures = "classifier";

/** `classifier`, or the path of a file that is there. */
export function planFeatures(features: unknown, name: string): string {
  if (features === undefined || features === defaultFeatures) return defaultFeatures;
  if (typeof features !== "string" || features === "" || !existsSync(features))
    throw wrongType("classifier or a TorchScript file", name, features);
  return resolve(features);
}
