// Whether all ranks are about to do the same: found out before they wait for each other in the
// middle of it.
import { createHash } from "node:crypto";
import { crossing } from "../addon.js";
import { difference, showOne } from "../difference.js";
import { refused } from "../errors.js";
import type { Call } from "./native.js";
import type { Group } from "./group.js";

/**
 * Compares what the ranks are about to do, as JSON holds it. Throws ERR_RANK, on every rank, with
 * the first thing that is not as rank 0 has it.
 */
export async function agree(group: Group, plan: unknown, call: Call = "run()"): Promise<void> {
  const text = JSON.stringify(plan);
  const digest = createHash("sha256").update(text).digest("hex");
  const gather = (text: string) => crossing(() => group.native.gather(text, call));
  const digests = await gather(digest);
  if (digests.every((one) => one === digests[0])) return;
  // Only now the plans themselves: a thousand of them would be megabytes.
  const plans = (await gather(text)).map((one) => JSON.parse(one));
  for (const [rank, plan] of plans.entries()) {
    // Undefined where only the order of keys is another.
    const found = difference(plans[0], plan, "");
    if (found === undefined) continue;
    const [path, mine, theirs] = found;
    const what = `${showOne(mine)}, as rank 0 has it,`;
    throw refused("ERR_RANK", what, `${path} of rank ${rank}`, showOne(theirs));
  }
}
