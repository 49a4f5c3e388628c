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
  /** The file that it is, where the page says so: others of the page may import it. */
  readonly file?: string | undefined;
  readonly code: string;
}

export async function readPage(path: string): Promise<Page> {
  return { path, text: await readFile(join(root, path), "utf8") };
}

/** README, CONTRIBUTING and everything in docs. */
export async function readPages(): Promise<Page[]> {
  const docs = await Promise.all(
    ["docs", "docs/guides"].map(async (folder) =>
      (await readdir(join(root, folder)))
        .filter((name) => name.endsWith(".md"))
        .sort()
        .map((name) => `${folder}/${name}`),
    ),
  );
  return Promise.all(["README.md", "CONTRIBUTING.md", ...docs.flat()].map(readPage));
}

/** The blocks between fences; those of a file that a page gives in parts as one, each part on its own lines. */
export function snippetsOf({ path, text }: Page): Snippet[] {
  const found: Snippet[] = [];
  const files = new Map<string, { line: number; code: string }>();
  for (const match of text.matchAll(/^```(\w*)(?: (\S+))?\n([\s\S]*?)^```$/gm)) {
    const [, language = "", file, code = ""] = match;
    const line = text.slice(0, match.index).split("\n").length + 1;
    const begun = file === undefined ? undefined : files.get(file);
    if (begun !== undefined) {
      const lines = begun.code.split("\n").length - 1;
      begun.code += "\n".repeat(line - begun.line - lines) + code;
      continue;
    }
    const snippet = { page: path, line, language, file, code };
    if (file !== undefined) files.set(file, snippet);
    found.push(snippet);
  }
  return found;
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
import { layers, layers as l, memoryStats, metrics, objectives, optimizers, penalties, schedules } from "sparring";
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

/** Where a snippet would be: files of a page in a folder of its own. */
function pathOf({ page, file }: Snippet, i: number): string {
  if (file === undefined) return join(root, "test", `snippet-${i}.ts`);
  return join(root, "test", page.replace(/\W/g, "-"), file.replace(/\.mjs$/, ".mts"));
}

/** Compiles snippets as tests of this repository are; `page:line: message` of all that is wrong. */
export function typeErrors(snippets: readonly Snippet[]): string[] {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const modules = new Map(
    snippets.map((snippet, i) => [pathOf(snippet, i), { snippet, ...asModule(snippet) }]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  // Folders of pages are there as little as their files.
  host.directoryExists = () => true;
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
