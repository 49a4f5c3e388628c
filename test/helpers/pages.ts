// The documentation as a reader has it: pages, headings, links, and code that has to compile.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Page {
  /** Its path from the root: `docs/layers.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Snippet {
  readonly page: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

export async function readPage(path: string): Promise<Page> {
  return { path, text: await readFile(join(root, path), "utf8") };
}

/** README, CONTRIBUTING and everything in docs. */
export async function readPages(): Promise<Page[]> {
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  const paths = ["README.md", "CONTRIBUTING.md", ...docs.sort().map((name) => `docs/${name}`)];
  return Promise.all(paths.map(readPage));
}

/** The blocks between fences. */
export function snippetsOf({ path, text }: Page): Snippet[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page: path,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] as string,
    code: match[2] as string,
  }));
}

/** The page without its code. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, "");

/** What GitHub calls a page's headings. */
export function anchorsOf({ text }: Page): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose(text).matchAll(/^#+ (.*)$/gm)) {
    const plain = (heading as string).toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "");
    const anchor = plain.replaceAll(" ", "-");
    let unique = anchor;
    for (let i = 1; anchors.has(unique); ++i) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Links of a page to files and headings that are not there. */
export async function brokenLinks(page: Page): Promise<string[]> {
  const broken: string[] = [];
  const text = prose(page.text);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/<img src="([^"]+)"/g)];
  for (const [, link] of links) {
    if (/^[a-z]+:/.test(link as string)) continue;
    const [path, anchor] = (link as string).split("#") as [string, string?];
    const file = join(dirname(page.path), path);
    const there = path === "" || existsSync(join(root, file));
    const target = async () => (path === "" ? page : readPage(file));
    const found = there && (anchor === undefined || anchorsOf(await target()).has(anchor));
    if (!found) broken.push(`${page.path}: ${link}`);
  }
  return broken;
}

/** What a reader of a snippet without imports has at hand. */
const preamble = `
import { architectures, auxiliaries, Discriminator, datasets, Generator } from "sparring";
import { layers, layers as l, memoryStats, objectives, optimizers, penalties, schedules } from "sparring";
import { Trainer } from "sparring";
import type { Objective, TrainerOptions } from "sparring";
declare const generator: Generator;
declare const discriminator: Discriminator;
declare const objective: Objective;
declare const optimizer: TrainerOptions["optimizer"];
export async function reader() {
`;

/** A snippet as a module, and the number of lines before its own. */
function asModule({ code }: Snippet): { text: string; before: number } {
  if (/^import /m.test(code)) return { text: code, before: 0 };
  return { text: `${preamble}${code}}\n`, before: preamble.split("\n").length - 1 };
}

/** Compiles snippets as tests of this repository are; `page:line: message` of all that is wrong. */
export function typeErrors(snippets: readonly Snippet[]): string[] {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const modules = new Map(
    snippets.map((snippet, i) => [
      join(root, "test", `snippet-${i}.ts`),
      { snippet, ...asModule(snippet) },
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => modules.has(path) || fileExists(path);
  host.readFile = (path) => modules.get(path)?.text ?? readFile(path);
  const program = ts.createProgram({ rootNames: [...modules.keys()], options, host });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, " ");
    const found = modules.get(file?.fileName ?? "");
    if (file === undefined || found === undefined) return `${file?.fileName}: ${message}`;
    const { line } = file.getLineAndCharacterOfPosition(start ?? 0);
    return `${found.snippet.page}:${found.snippet.line + line - found.before}: ${message}`;
  });
}
