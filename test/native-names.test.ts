// Two functions of one name and the same parameters, from two headers, are one to the linker: it
// takes either, and no compiler says so.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** A function at the beginning of a line, up to its body or its end: its name and its parameters. */
const declared =
  /^(?!return|using|namespace|extern|#)[A-Za-z_][\w:<>,&* ]*[ &*](\w+)\(([^;]*?)\)\s*(?:noexcept\s*)?[;{]/gm;

/** What a parameter is, whatever it is called and by default. */
const typeOf = (parameter: string) =>
  parameter
    .replace(/\s*=.*/s, "")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(?<=[&*> ])\w+$/, "")
    .trim();

function signatures(text: string): string[] {
  const code = text.replace(/\/\/.*/g, "");
  const namespace = /^namespace ([\w:]+) \{/m.exec(code)?.[1] ?? "";
  return [...code.matchAll(declared)].map(
    ([, name, parameters = ""]) =>
      `${namespace}::${name}(${parameters.split(",").map(typeOf).join(", ")})`,
  );
}

function declaredTwice(headers: readonly (readonly [path: string, text: string])[]): string[] {
  const places = new Map<string, string[]>();
  for (const [path, text] of headers)
    for (const one of new Set(signatures(text)))
      places.set(one, [...(places.get(one) ?? []), path]);
  return [...places].flatMap(([one, paths]) =>
    paths.length > 1 ? [`${one}: ${paths.join(", ")}`] : [],
  );
}

it("no two headers of native code declare one function", () => {
  const paths = execFileSync("git", ["ls-files", "-z", "native/**.h"], { encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && !path.includes("third_party"));
  const headers = paths.map((path) => [path, readFileSync(path, "utf8")] as const);
  expect(headers.flatMap(([, text]) => signatures(text)).length).toBeGreaterThan(300);
  expect(declaredTwice(headers)).toEqual([]);
});

it("is told of where two do, whatever they call their parameters", () => {
  const of = (code: string) => `#pragma once\nnamespace sparring {\n// Why.\n${code}\n}\n`;
  const told = (one: string, other: string) =>
    declaredTwice([
      ["a.h", of(one)],
      ["b.h", of(other)],
    ]);
  const inline = "inline at::Tensor turned(const at::Tensor& last) { return last; }";
  expect(told(inline, "at::Tensor turned(const at::Tensor& image);")).toEqual([
    "sparring::turned(const at::Tensor&): a.h, b.h",
  ]);
  expect(
    told("int sum(int64_t one,\n        Shape other = {});", "int sum(int64_t a, Shape b);"),
  ).toHaveLength(1);
  expect(told(inline, "at::Tensor turned(const at::Tensor& image, int64_t by);")).toEqual([]);
  expect(told(inline, "at::Tensor turned(at::Tensor image);")).toEqual([]);
});
