// What an option of a run was in the course of its steps, by its config and what was changed where
// it went on.
import type { RunConfig } from "./config.js";

/** What some options were from a step on, until those of the next span. */
type Span<Key extends keyof RunConfig> = Pick<RunConfig, Key> & {
  /** Steps that were done before it. */
  readonly since: number;
};

/** The spans of a run, earliest first; one, from step 0 on, where none of these was changed. */
export function historyOf<Key extends keyof RunConfig>(
  config: Pick<RunConfig, Key | "changes">,
  keys: readonly Key[],
): readonly Span<Key>[] {
  const changes = (config.changes ?? []).filter(({ after }) => keys.some((key) => key in after));
  const all = [firstSpan(config, keys)];
  // Backwards: a config says what holds in the end, and each change what held before it.
  for (const { step, before } of changes.toReversed()) {
    const [next] = all as [Span<Key>];
    all[0] = { ...next, since: step };
    all.unshift(firstSpan({ ...next, ...before }, keys));
  }
  return all;
}

function firstSpan<Key extends keyof RunConfig>(
  values: Pick<RunConfig, Key>,
  keys: readonly Key[],
): Span<Key> {
  const entries = keys.map((key) => [key, values[key]]);
  return { since: 0, ...(Object.fromEntries(entries) as Pick<RunConfig, Key>) };
}
