import { readFileSync } from "node:fs";

/** The text of a file that the system keeps, as in /proc; empty where it keeps none. */
export function systemText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
