// What a run goes on by from a checkpoint, by its config's changes and by what is asked for.
import { describe, expect, it } from "vitest";
import { goOn, noChanges, planChanges } from "../../lib/run/changes.js";
import type { RunConfig } from "../../lib/run/config.js";

const naming = (option: string) => option;
const asked = (request: object) => planChanges(request, naming);
const ada = { transforms: ["blit"], fixed: false, target: 0.6, interval: 4, kimg: 500 } as const;

/** A run whose checkpoint of a step has no ADA. */
const from = (step: number, changes: readonly object[], request: object = {}) =>
  goOn({ ada: null, changes } as never as RunConfig, asked(request), {
    step,
    trainer: {},
  } as never);

describe("goOn()", () => {
  it("leaves all as it is where nothing was changed, and nothing is asked for", () => {
    const { options, config, changed } = goOn({ ema: null } as never, noChanges, {
      step: 3,
      trainer: { ema: undefined },
    } as never);
    expect([options, config.changes, changed]).toEqual([{}, undefined, []]);
  });

  it("keeps the probability of ADA that an earlier change named, where a later one names none", () => {
    const first = { step: 10, before: { ada: null }, after: { ada: { ...ada, p: 0.5 } } };
    const second = { step: 15, before: { ada }, after: { ada: { ...ada, target: 0.5 } } };
    const wanted = { ...ada, target: 0.5, p: 0.5 };
    // Both hold since; or the later one is asked for now.
    expect(from(10, [first, second]).options.ada).toEqual(wanted);
    const { options, config } = from(10, [first], { ada: { ...ada, target: 0.5 } });
    expect(options.ada).toEqual(wanted);
    expect(config.ada).toEqual(wanted);
    expect(config.changes).toEqual([{ step: 10, before: { ada: null }, after: { ada: wanted } }]);
  });

  it("sets the probability of ADA where that is asked for, as nobody knows what it is by now", () => {
    const first = { step: 5, before: { ada: null }, after: { ada: { ...ada, p: 0.5 } } };
    const named = { ...ada, p: 0.5 };
    const config = { ada: named, changes: [first] } as never as RunConfig;
    const saved = { step: 10, trainer: { ada: named } } as never;
    expect(goOn(config, asked({ ada }), saved).changed).toEqual([]);
    expect(goOn(config, asked({ ada: named }), saved).changed).toEqual(["ada"]);
  });

  it("lets the last probability that was named hold", () => {
    const first = { step: 10, before: { ada: null }, after: { ada: { ...ada, p: 0.5 } } };
    expect(from(10, [first], { ada: { ...ada, p: 0.2 } }).options.ada?.p).toBe(0.2);
  });
});
