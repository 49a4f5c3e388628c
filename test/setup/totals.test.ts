import { describe, expect, it } from "vitest";
import { sharesOf, sumOf } from "../../scripts/test/core.mjs";
import {
  add,
  coreTotals,
  describeTotals,
  none,
  parseTotals,
  shareTotals,
  vitestTotals,
} from "../../scripts/test/totals.mjs";

const report = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [{ status: "passed", assertionResults: [{}] }],
};

describe("a runner that breaks", () => {
  it("counts as a failure where the core crashes before its closing line", () => {
    expect(coreTotals({ code: 139, output: "Segmentation fault" })).toEqual({ ...none, failed: 1 });
  });

  it("counts as a failure where vitest writes no report", () => {
    expect(vitestTotals(null, 1)).toEqual({ ...none, failed: 1 });
  });

  it("counts as a failure where all tests pass and the process does not", () => {
    expect(vitestTotals(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  });

  it("counts a file that fails to load", () => {
    const broken = { ...report, testResults: [{ status: "failed", assertionResults: [] }] };
    expect(vitestTotals(broken, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  });
});

it.each([
  ["[doctest] test cases:  12 |  11 passed | 1 failed | 2 skipped\n", 1, [11, 1, 2]],
  [
    "[doctest] test cases: \u001b[0;1m 2\u001b[0m | \u001b[32m2 passed\u001b[0m | 0 failed | 0 skipped",
    0,
    [2, 0, 0],
  ],
])("reads doctest's closing line %j", (output, code, [passed, failed, skipped]) => {
  expect(coreTotals({ code, output })).toEqual({ passed, failed, skipped });
});

describe("processes that share the core's tests", () => {
  const closing = (passed: number, failed: number) =>
    `[doctest] test cases: 416 | ${passed} passed | ${failed} failed | 0 skipped\n`;

  it("have each test once", () => {
    expect(sharesOf(31, 13)).toEqual([
      { first: 1, last: 13 },
      { first: 14, last: 26 },
      { first: 27, last: 31 },
    ]);
    expect(sharesOf(0)).toEqual([]);
  });

  it("are all counted, whichever ends first", async () => {
    const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const run = async (share: number) => {
      await later(share === 1 ? 40 : 5);
      return share === 3
        ? { passed: 3, failed: 1, skipped: 0 }
        : { passed: 4, failed: 0, skipped: 0 };
    };
    expect(await sumOf([1, 2, 3, 4, 5], run, 2)).toEqual({ passed: 19, failed: 1, skipped: 0 });
  });

  it("count their own tests, where doctest's closing line counts those of others as passed", () => {
    const clean = { code: 0, output: closing(416, 0) };
    expect(shareTotals(clean, 13)).toEqual({ passed: 13, failed: 0, skipped: 0 });
    const failed = { code: 1, output: closing(414, 2) };
    expect(shareTotals(failed, 13)).toEqual({ passed: 11, failed: 2, skipped: 0 });
  });

  it("fail where one crashes", () => {
    const crashed = { code: 1, output: "Segmentation fault" };
    expect(shareTotals(crashed, 13)).toEqual({ ...none, failed: 1 });
  });
});

it("the runner ends with a line that the CI reads back", () => {
  const totals = add({ passed: 12, failed: 0, skipped: 0 }, vitestTotals(report, 0));
  expect(describeTotals(totals)).toBe("15 passed, 0 failed, 1 skipped");
  expect(describeTotals(none)).toBe("0 passed, 0 failed");
  expect(
    parseTotals(`5 passed, 1 failed\nnoise 9 passed, 9 failed\n${describeTotals(totals)}\n`),
  ).toEqual(totals);
  expect(parseTotals("Tests  9 passed, 9 failed")).toBeNull();
});
