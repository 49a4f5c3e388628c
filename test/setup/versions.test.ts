import { describe, expect, it } from "vitest";
import {
  compareVersions,
  cudaOfLabel,
  inRange,
  parseVersion,
  pinned,
} from "../../scripts/setup/versions.mjs";

describe("versions that are none", () => {
  it.each(["", "torch", "2", "two.13", ".13"])("reads nothing in %j", (text) => {
    expect(parseVersion(text)).toBeNull();
    expect(inRange(text)).toBe(false);
  });
});

describe("the range of libtorch", () => {
  it.each(["1.13.1", "2.10.9", "2.15.0", "3.12.0", "20.11.0"])("refuses %s", (version) => {
    expect(inRange(version)).toBe(false);
  });

  it.each(["2.11.0", "2.13.0+cpu", "2.14.1+cu130", "2.14.0a0+git1234"])("takes %s", (version) => {
    expect(inRange(version)).toBe(true);
  });

  it("holds the version that is downloaded", () => {
    expect(inRange(pinned)).toBe(true);
  });
});

it("versions are compared as numbers, not as text", () => {
  expect(compareVersions([2, 9], [2, 11])).toBeLessThan(0);
  expect(compareVersions([2, 13, 1], [2, 13])).toBeGreaterThan(0);
  expect(compareVersions([2, 13], [2, 13, 0])).toBe(0);
});

it.each([
  ["2.13.0+cpu", null],
  ["2.13.0", null],
  ["2.14.1+cu130", "13.0"],
  ["2.11.0+cu128", "12.8"],
])("reads the CUDA version of %s", (label, cuda) => {
  expect(cudaOfLabel(label)).toBe(cuda);
});
