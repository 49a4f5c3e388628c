// The exit code of each error, and what is said of it.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reportError, RunFailure, sentenceOf } from "../../lib/cli/exit.js";
import { type ErrorCode, misuse, SparringError } from "../../lib/errors.js";

/** What stderr got. */
let said: string;
beforeEach(() => {
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Whether it is the user's where nothing has begun. */
const codes: Readonly<Record<ErrorCode, boolean>> = {
  ERR_ARCHITECTURE: true,
  ERR_BUSY: false,
  ERR_CHECKPOINT: true,
  ERR_DATA: true,
  ERR_DEVICE: true,
  ERR_DISPOSED: false,
  ERR_DIVERGED: false,
  ERR_LIBTORCH: false,
  ERR_MEMORY: false,
  ERR_NATIVE: false,
  ERR_OUTPUT: true,
  ERR_RANK: false,
  ERR_STOPPED: false,
  ERR_WEIGHTS: true,
};

describe("an error", () => {
  it.each(Object.entries(codes))("of %s is told of in its own words", (code, isOfUser) => {
    const error = new SparringError(code as ErrorCode, "Expected more");
    expect(reportError(error, "rank 1: ")).toBe(isOfUser ? 2 : 1);
    expect(said).toBe("rank 1: Expected more\n");
    // Of a run that had begun it is nobody's; ranks are to be started again.
    expect(reportError(new RunFailure(error))).toBe(code === "ERR_RANK" ? 75 : 1);
    expect(sentenceOf(new RunFailure(error))).toBe("Expected more");
  });

  it("of a user's is not of ours", () => {
    expect(reportError(misuse(new RangeError("Expected 1")))).toBe(2);
    expect(reportError(new RangeError("of an array"))).toBe(1);
    expect(reportError("thrown")).toBe(1);
    expect(said).toBe(
      [
        "Expected 1",
        "This is a bug in sparring: of an array (SPARRING_DEBUG=1 shows where)",
        "This is a bug in sparring: thrown (SPARRING_DEBUG=1 shows where)\n",
      ].join("\n"),
    );
  });

  it("is shown with where it came from, if that is asked for", () => {
    vi.stubEnv("SPARRING_DEBUG", "1");
    expect(reportError(new SparringError("ERR_DATA", "Expected more"))).toBe(2);
    expect(said).toMatch(/Expected more\n +at .*exit\.test\.ts:/);
    expect(said).toContain("ERR_DATA");
  });
});
