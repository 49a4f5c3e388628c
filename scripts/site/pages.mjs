// The Markdown pages as the site wants them: with a title and a group, and with links that lead
// somewhere outside of a clone, too.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";

/**
 * The groups, with their pages in the order of reading. What is in no list comes after those that
 * are.
 */
const order = {
  Guides: [
    "guides/first-run",
    "walkthrough",
    "guides/your-data",
    "guides/your-networks",
    "guides/choosing-an-objective",
    "guides/health",
    "guides/resume",
    "guides/export",
    "guides/serving",
    "guides/memory-and-async",
    "guides/gpus",
    "guides/porting-from-pytorch",
  ],
  Reference: [
    "setup",
    "command-line",
    "dashboard",
    "layers",
    "objectives",
    "training",
    "datasets",
    "presets",
    "theory",
    "evaluation",
    "parzen",
    "export",
    "performance",
    "scaling",
    "reliability",
  ],
  Examples: ["mnist", "folder", "conditional"],
  "The project": ["CONTRIBUTING", "dependencies", "CHANGELOG"],
};

/**
 * @param {string} root of the repository
 * @returns {[group: string, page: string][]} in the order of the site
 */
export function listPages(root) {
  const listed = (folder, extension) =>
    (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [])
      .filter((name) => name.endsWith(extension))
      .map((name) => join(folder, name));
  const pages = [
    ...listed("docs/guides", ".md"),
    ...listed("docs", ".md"),
    ...listed("examples", ".mjs"),
    "CONTRIBUTING.md",
    "CHANGELOG.md",
  ];
  return Object.entries(order).flatMap(([group, names]) => {
    const place = (page) =>
      names.includes(nameOf(page)) ? names.indexOf(nameOf(page)) : names.length;
    return pages
      .filter((page) => groupOf(page) === group)
      .sort((a, b) => place(a) - place(b))
      .map((page) => [group, page]);
  });
}

/** `guides/first-run` of docs/guides/first-run.md. */
const nameOf = (page) => page.replace(/^(docs|examples)\//, "").replace(/\.\w+$/, "");

function groupOf(page) {
  const [named] = Object.entries(order).find(([, names]) => names.includes(nameOf(page))) ?? [];
  if (page.startsWith("examples/")) return "Examples";
  return named ?? (page.startsWith("docs/guides/") ? "Guides" : "Reference");
}

/**
 * Writes the pages beside each other as they are in the repository.
 *
 * @param {string} root of the repository @param {string} to a new folder
 * @returns {string[]} what was written, in the order of the site
 */
export function writePages(root, to) {
  cpSync(join(root, "docs/images"), join(to, "docs/images"), { recursive: true });
  cpSync(join(root, "LICENSE"), join(to, "LICENSE"));
  write(join(to, "README.md"), linked(root, "README.md", read(root, "README.md")));
  return listPages(root).map(([group, page]) => {
    const path = join(to, asPage(page));
    write(path, headed(root, page, group));
    return path;
  });
}

const read = (root, path) => readFileSync(join(root, path), "utf8");
const asPage = (path) => (extname(path) === ".md" ? path : `${path}.md`);

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A page with what typedoc wants to know of it. */
function headed(root, path, group) {
  const text = read(root, path);
  const isPage = extname(path) === ".md";
  const title = isPage ? /^# (.*)$/m.exec(text)[1].replaceAll("`", "") : basename(path);
  const body = isPage ? linked(root, path, text) : `# ${title}\n\n\`\`\`js\n${text}\`\`\`\n`;
  return `---\ntitle: ${JSON.stringify(title)}\ngroup: ${group}\n---\n\n${body}`;
}

/**
 * Links to sources: an example is a page, an export of lib/ is in the API, and the others are
 * names, the pages beside an example among them.
 */
function linked(root, page, text) {
  return outsideCode(text, (prose) =>
    prose.replace(/\[([^\]]+)\]\(([^)\s:#]+)((?:#[^)\s]*)?)\)/g, (link, label, target, anchor) => {
      const path = relative(root, join(root, dirname(page), target)).replace(/\/$/, "");
      const isPage = path.endsWith(".md") && !path.startsWith("examples/");
      if (isPage || /\.(png|svg|webp|gif)$/.test(path) || path === "LICENSE") return link;
      if (/^examples\/[^/]+\.mjs$/.test(path)) return `[${label}](${target}.md${anchor})`;
      if (path.startsWith("lib/")) return `{@link ${label.replace(/[`()]/g, "")} | ${label}}`;
      return label.includes("`") ? label : `\`${label}\``;
    }),
  );
}

/** Changes a page except for its blocks of code. */
function outsideCode(text, change) {
  return text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join("");
}
