// What the compilers of users read: dist/index.d.ts, and what it leads to.
import { readFile } from "node:fs/promises";
import ts from "typescript";
import { expect, it } from "vitest";

/** Texts of a declaration and of those that it names, by their addresses. */
async function follow(file: URL, texts = new Map<string, string>()): Promise<Map<string, string>> {
  if (texts.has(file.href)) return texts;
  const text = await readFile(file, "utf8");
  texts.set(file.href, text);
  for (const [, name] of text.matchAll(/["'](\.[\w./-]+)\.js["']/g))
    await follow(new URL(`${name}.d.ts`, file), texts);
  return texts;
}

it("the declarations say nothing that a TypeScript before 5.7 cannot read", async () => {
  const texts = await follow(new URL("../dist/index.d.ts", import.meta.url));
  expect(texts.size).toBeGreaterThan(50);
  // There arrays have no memory as a parameter.
  const generic = [...texts].filter(([, text]) => /(Array|Buffer|View)<\w*ArrayBuffer/.test(text));
  expect(generic.map(([file]) => file)).toEqual([]);
});

/** Tuples in which only some elements have names. */
function halfNamed(text: string): string[] {
  const found: string[] = [];
  const look = (node: ts.Node) => {
    if (ts.isTupleTypeNode(node)) {
      const named = node.elements.filter(ts.isNamedTupleMember).length;
      if (named > 0 && named < node.elements.length) found.push(node.getText());
    }
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile("some.d.ts", text, ts.ScriptTarget.Latest, true));
  return found;
}

it("the declarations name all elements of a tuple or none, as a TypeScript before 5.2 wants it", async () => {
  expect(halfNamed("type Pair = readonly [1, height: number];")).toEqual(["[1, height: number]"]);
  const texts = await follow(new URL("../dist/index.d.ts", import.meta.url));
  expect([...texts.values()].flatMap(halfNamed)).toEqual([]);
});

it("the declarations need no library of JavaScript newer than ES2021's", async () => {
  const texts = await follow(new URL("../dist/index.d.ts", import.meta.url));
  const newer = [...texts].filter(([, text]) => /\bErrorOptions\b/.test(text));
  expect(newer.map(([file]) => file)).toEqual([]);
});

it("the declarations need no types of Node's own, which a program may do without", async () => {
  const texts = await follow(new URL("../dist/index.d.ts", import.meta.url));
  const code = [...texts].map(([file, text]) => [file, text.replace(/\/\*.*?\*\//gs, "")] as const);
  const bound = code.filter(([, text]) => /\bBuffer\b|["']node:|\bNodeJS\b/.test(text));
  expect(bound.map(([file]) => file)).toEqual([]);
});
