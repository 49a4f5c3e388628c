// What an editor shows of the public API, one docstring at a time.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Page, readPage, root, snippetsOf, typeErrors } from "./helpers/pages.js";

/** Rooms whose names nobody sees from outside, what is generated, and theory, which has words of its own. */
const elsewhere = /^((run|cli|dashboard|theory)\/|native\.ts$)|_pb\.ts$/;

async function sources(): Promise<Page[]> {
  const names = await readdir(join(root, "lib"), { recursive: true });
  const own = names.filter((name) => name.endsWith(".ts") && !elsewhere.test(name));
  return Promise.all(own.sort().map((name) => readPage(join("lib", name))));
}

/** Docstrings without their stars, each with its line. */
function docstringsOf({ path, text }: Page): { place: string; said: string }[] {
  return [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(({ 1: said = "", index }) => ({
    place: `${path}:${text.slice(0, index).split("\n").length}`,
    said: said.replace(/^\s*\* ?/gm, "").trim(),
  }));
}

it("each docstring can be read alone: none begins with what stands before it", async () => {
  const docstrings = (await sources()).flatMap(docstringsOf);
  expect(docstrings.length).toBeGreaterThan(1000);
  const leaning = docstrings.filter(({ said }) => /^(Of|The same|Those|Nor)\b/.test(said));
  expect(leaning).toEqual([]);
});

it("the examples of docstrings compile", async () => {
  const snippets = (await sources()).flatMap((page) =>
    docstringsOf(page).flatMap(({ place, said }) => snippetsOf({ path: place, text: said })),
  );
  expect(snippets.length).toBeGreaterThanOrEqual(3);
  expect(typeErrors(snippets)).toEqual([]);
});
