// How the errors that were found here are told from those of JavaScript, and what they show.
import { describe, expect, it } from "vitest";
import * as check from "../lib/check.js";
import { expected, isMisuse, outOfRange, refused, renamed, traced } from "../lib/errors.js";
import { SparringError } from "../lib/index.js";

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("isMisuse", () => {
  it("knows the errors of checks, of both kinds", () => {
    expect(isMisuse(thrownBy(() => check.integer("3", "steps", 1)))).toBe(true);
    expect(isMisuse(thrownBy(() => check.integer(0, "steps", 1)))).toBe(true);
  });

  it("knows no other, whatever its kind or its words", () => {
    expect(isMisuse(thrownBy(() => (undefined as unknown as string).length))).toBe(false);
    expect(isMisuse(new TypeError("Expected a string for name but received 3"))).toBe(false);
    expect(isMisuse(new SparringError("ERR_DATA", "Expected a file"))).toBe(false);
    expect(isMisuse("Expected a file")).toBe(false);
  });

  it("does not know a copy: who sends one to another thread says so beside it", () => {
    const error = thrownBy(() => check.integer(0, "steps", 1));
    expect(isMisuse(structuredClone(error))).toBe(false);
  });
});

it("an error passes whole where stacks are no text, as tools that look at frames have them", async () => {
  const error = new SparringError("ERR_DATA", "Expected a file");
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, frames) => frames;
  try {
    expect(await traced(() => Promise.reject(error)).catch((reason) => reason)).toBe(error);
  } finally {
    Error.prepareStackTrace = before;
  }
});

describe("renamed()", () => {
  const ended = (error: unknown) =>
    renamed("path", "--data", () => Promise.reject(error)).catch((reason) => reason);

  it("has data called what the user calls them, for the same reason", async () => {
    const cause = new Error("no such file");
    const error = await ended(refused("ERR_DATA", "a file", "path", "none", { cause }));
    expect(error).toMatchObject({
      code: "ERR_DATA",
      message: "Expected a file for --data but received none",
      cause,
    });
  });

  it.each([
    ["data of another name", refused("ERR_DATA", "a file", "labels", "none")],
    [
      "another code: the path of a cache is not that of the data",
      refused("ERR_OUTPUT", "a file", "path", "none"),
    ],
    ["a sentence of its own", new SparringError("ERR_DATA", "Expected a file for path")],
    ["misuse", outOfRange("a size", "path", 0)],
    ["an error of somebody else's", new Error("path")],
  ])("leaves %s as it is", async (_, error) => {
    expect(await ended(error)).toBe(error);
  });

  it("gives what the work gives", async () => {
    expect(await renamed("path", "--data", async () => 7)).toBe(7);
  });
});

it("errors are SparringErrors with a code", () => {
  expect(new SparringError("ERR_BUSY", "x")).toMatchObject({
    name: "SparringError",
    code: "ERR_BUSY",
    message: "x",
  });
});

it("errors show any value in a line, however large, deep or circular", () => {
  const circle: Record<string, unknown> = { name: "a" };
  circle.self = circle;
  const message = expected("a thing", "x", circle);
  expect(message).toBe(
    'Expected a thing for x but received { name: "a", self: { name: "a", self: { name: "a", self: ... } } }',
  );
  expect(expected("a thing", "x", new Array(1e7).fill(1)).length).toBeLessThan(200);
});

it("errors look at the first forty parts of a value, and at no others", () => {
  let looks = 0;
  const part = {
    get a() {
      looks += 1;
      return 1;
    },
  };
  expected("a thing", "x", Array(1000).fill(part));
  expect(looks).toBe(40);
});

it("errors show 120 letters of a value, its quotes among them, and no more", () => {
  const shown = (length: number) =>
    expected("a thing", "x", "a".repeat(length)).replace(
      "Expected a thing for x but received ",
      "",
    );
  expect(shown(118)).toBe(`"${"a".repeat(118)}"`);
  expect(shown(119)).toBe(`"${"a".repeat(116)}...`);
});

it("errors tell -0 from 0", () => {
  expect(expected("a thing", "x", -0)).toMatch(/received -0$/);
  expect(expected("a thing", "x", 0)).toMatch(/received 0$/);
});
