// Figures as the page shows them.
import { describe, expect, it } from "vitest";
import { waysOf, startOf } from "../../lib/dashboard/page/explorer-place.js";
import { count, figure, plain, short } from "../../lib/dashboard/page/format.js";
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
