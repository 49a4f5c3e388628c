// Figures as the page shows them.
import { describe, expect, it } from "vitest";
import { waysOf, startOf } from "../../lib/dashboard/page/explorer-place.js";
import { clock, count, figure, plain, short } from "../../lib/dashboard/page/format.js";
import type { RunCard, RunPlanView } from "../../lib/dashboard/page/protocol.js";

describe("a negative number has a minus, and no hyphen", () => {
  it.each([
    [figure(-0.4567), "−0.457"],
    [figure(-123.45), "−123.5"],
    [figure(-1234.5), "−1,235"],
    [figure(-0.00012), "−1.2e−4"],
    [figure(0.00012), "1.2e−4"],
    [short(-5), "−5"],
    [short(-15_000), "−15k"],
    [short(-3e6), "−3M"],
    [count(-60_000), "−60,000"],
    [plain(-0.5), "−0.5"],
    [plain(1e-8), "1e−8"],
  ])("%s", (shown, wanted) => {
    expect(shown).toBe(wanted);
  });

  it("on the ways of the explorer, too", () => {
    const latent = { noise: 2, classes: 0, codes: 1 };
    const place = startOf({ id: "a" } as RunCard, { latent } as RunPlanView);
    const code = waysOf(place).find(({ title }) => title === "Code 1, from −2 to 2");
    expect(code?.stops.map(({ name }) => name)).toEqual(
      ["−2", "−1", "−0.5", "0", "0.5", "1", "2"].map((value) => `code 1 at ${value}`),
    );
  });
});

it.each([
  // Neighbours on an axis may differ in their last digit only.
  [short(0.693125), "0.693125"],
  [short(0.1 + 0.2), "0.3"],
  [short(640.25), "640.25"],
  [short(1200), "1,200"],
  [short(9999), "9,999"],
  [short(10_000), "10k"],
  [short(10_020), "10.02k"],
  [short(1_234_500), "1.2345M"],
  [short(999_000_000), "999M"],
  [short(1e9), "1e9"],
  [short(-2.5e20), "−2.5e20"],
  [short(0.001), "0.001"],
  [short(0.00025), "2.5e−4"],
  [short(0), "0"],
])("an axis has %s", (shown, wanted) => {
  expect(shown).toBe(wanted);
});

it.each([
  [figure(0), "0"],
  [figure(0.001), "0.001"],
  [figure(0.0001), "1e−4"],
  [figure(0.98765), "0.988"],
  [figure(99.96), "100"],
  [figure(640.26), "640.3"],
  [figure(123_456.7), "123,457"],
  [figure(1.25e20), "1.3e20"],
  [figure(undefined), "–"],
  [count(null), "–"],
  [count(60_000), "60,000"],
  [clock(null), "–"],
  [clock(-1), "0:00"],
  [clock(59.4), "0:59"],
  [clock(59.5), "1:00"],
  [clock(3599), "59:59"],
  [clock(3600), "1:00:00"],
  [clock(90_061), "25:01:01"],
])("a figure is %s", (shown, wanted) => {
  expect(shown).toBe(wanted);
});
