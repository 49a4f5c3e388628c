// A seed is all that an experiment's figures depend on: their JSON is the same, digit by digit. (Of proposition 1, modes and
// figure 1 theory.test.ts says so.)
import { beforeAll, expect, it } from "vitest";
import { setThreads, theory } from "../../lib/index.js";

beforeAll(() => setThreads(1));

it.each(["theorem1", "algorithm1", "saturation"] as const)(
  "%s has the same figures for the same seed, and others for another",
  {
    timeout: 300_000,
  },
  async (name) => {
    const run = async (seed: number) => {
      const { seed: told, ...figures } = await theory[name]({ seed, steps: 10 });
      expect(told).toBe(seed);
      return JSON.stringify(figures);
    };
    const one = await run(3);
    expect(one).not.toMatch(/null|NaN/);
    expect(await run(3)).toBe(one);
    expect(await run(4)).not.toBe(one);
  },
);
