// Whether a folder can be filled, asked before anybody waits for what is to go there.
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Why nothing can be written into a folder, which is made if it is not there; null where it can be.
 * @returns {string | null}
 */
export function writeProblem(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    // access() asks for whoever started the process, not for whom it acts as.
    rmdirSync(mkdtempSync(join(folder, ".writable-")));
    return null;
  } catch ({ code }) {
    return whyNot(code);
  }
}

function whyNot(code) {
  if (code === "EACCES" || code === "EPERM") return "this user may not write there";
  if (code === "EROFS") return "its file system is read-only";
  return code === "EEXIST" || code === "ENOTDIR" ? "it is not a folder" : code;
}
