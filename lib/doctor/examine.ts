// Everything that the doctor looks at, in the order of a reader who wants to know why it does not
// train.
import { lookAtAddon } from "./addon.js";
import type { Finding } from "./kind.js";
import { lookAtCache, lookAtMnist, lookAtNode, lookAtPictures, lookAtTools } from "./machine.js";

/** What was found. */
export interface Examination {
  /** Whether training works: no finding is a problem. */
  readonly works: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Looks at this machine. Changes nothing, and needs no addon: it is called where that is missing or
 * broken.
 */
export async function examine(): Promise<Examination> {
  const [node, addon, tools, mnist, cache] = await Promise.all([
    lookAtNode(),
    lookAtAddon(),
    lookAtTools(),
    lookAtMnist(),
    lookAtCache(),
  ]);
  const findings = [node, ...addon, tools, ...lookAtPictures(), mnist, cache];
  return { works: findings.every(({ status }) => status !== "problem"), findings };
}
