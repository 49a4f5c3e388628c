// Counting tests across runners. A runner that ends badly without a failed test counts as one
// failure: it crashed.

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

/** @type {Totals} */
export const none = { passed: 0, failed: 0, skipped: 0 };

/** @returns {Totals} */
export function add(left, right) {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

/** The line that a reader, and the CI, looks for at the end. */
export function describeTotals({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** The totals in such a line, null where a text holds none alone on a line; the last one counts. */
export function parseTotals(text) {
  const lines = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)];
  const last = lines.at(-1);
  return last
    ? { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) }
    : null;
}

/**
 * The totals in doctest's closing line:
 * "[doctest] test cases:  12 |  12 passed | 0 failed | 0 skipped".
 * @param {{ code: number, output: string }} run
 * @returns {Totals}
 */
export function coreTotals({ code, output }) {
  // doctest colours the numbers on a terminal.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is one
  const plain = output.replace(/\u001b\[[\d;]*m/g, "");
  const line =
    /\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped/.exec(
      plain,
    );
  const [passed, failed, skipped] = line ? line.slice(1).map(Number) : [0, 0, 0];
  return notSilent({ passed, failed, skipped }, code);
}

/**
 * The totals of a run of some of doctest's tests by --first and --last: its closing line counts those
 * outside as passed.
 * @param {{ code: number, output: string }} run
 * @param {number} count how many it had to run
 * @returns {Totals}
 */
export function shareTotals(run, count) {
  const { passed, failed } = coreTotals(run);
  // One that crashed before its closing line passed nothing that is known.
  return { passed: passed > 0 ? Math.max(0, count - failed) : 0, failed, skipped: 0 };
}

/**
 * The totals in vitest's JSON report, null where it wrote none.
 * @returns {Totals}
 */
export function vitestTotals(report, code) {
  if (!report) return notSilent(none, code);
  // A file that fails to load has no tests to fail.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  return notSilent(
    {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken,
      skipped: report.numPendingTests + (report.numTodoTests ?? 0),
    },
    code,
  );
}

function notSilent(totals, code) {
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}
