/** What the two players minimise. */
export interface Objective {
  readonly type: "nonSaturating";
}

/**
 * The objective that the 2014 paper trains with: D ascends log D(x) + log(1 − D(G(z))), G ascends
 * log D(G(z)), which keeps its gradient while D wins (Goodfellow et al. 2014, section 3). Computed as
 * binary cross-entropy; D's is halved, as in the article's script.
 */
export function nonSaturating(): Objective {
  return { type: "nonSaturating" };
}

export const objectiveTypes = ["nonSaturating"] as const;
