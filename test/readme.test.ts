// What the README shows is what compiles and runs (the example: in examples-train.test.ts).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (name: string) => readFile(join(root, name), "utf8");

it("the README's example is examples/mnist.mjs, in at most 25 lines", async () => {
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(await read("README.md")) ?? [];
  expect(snippet).toBe(await read("examples/mnist.mjs"));
  expect(snippet?.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});

it("the README's geometric means are those of docs/performance.md", async () => {
  const means = [...(await read("docs/performance.md")).matchAll(/^\| geometric mean .*$/gm)].map(
    ([row]) => [...row.matchAll(/([\d.]+)×\*\*/g)].map(([, mean]) => mean as string),
  );
  expect(means).toHaveLength(3);
  const told = (await read("README.md")).replaceAll(/\s+/g, " ");
  for (const [eager, best] of means) expect(told).toContain(` ${eager} and ${best}`);
});

it("every command that the README and CONTRIBUTING name is there", async () => {
  const scripts = JSON.parse(await read("package.json")).scripts as Record<string, string>;
  for (const page of ["README.md", "CONTRIBUTING.md"])
    for (const [, name] of (await read(page)).matchAll(/npm run ([a-z:-]+)/g))
      expect(scripts).toHaveProperty([name as string]);
});
