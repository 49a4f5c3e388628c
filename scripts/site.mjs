#!/usr/bin/env node
// `npm run docs`: the documentation site, guides and API, in build/site. It needs no network,
// neither to be built nor to be read, and any static server or file:// will do.
//   npm run docs -- FOLDER     there instead
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { tellDefaults } from "./site/defaults.mjs";
import { drawMath, nameHeadings } from "./site/markdown.mjs";
import { writePages } from "./site/pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "build/site"));
const pages = `${out}-pages`;

/** What types are made from, which a reader of the types need not know. */
const behindTypes = [
  "auxiliaryTable",
  "objectiveTable",
  "optimizerTable",
  "penaltyTable",
  "scheduleTable",
  "policies",
  "adaTransforms",
  "orders",
  "fakesKinds",
  "discriminatorLosses",
  "precisions",
  "reducePrecisions",
  "Has",
  "Of",
  "JudgeArguments",
  "GenerateArguments",
];

rmSync(pages, { recursive: true, force: true });
const documents = writePages(root, pages);
const app = await Application.bootstrapWithPlugins({
  name: "Sparring",
  entryPoints: [join(root, "lib/index.ts")],
  tsconfig: join(root, "tsconfig.build.json"),
  alwaysCreateEntryPointModule: false,
  readme: join(pages, "README.md"),
  projectDocuments: documents,
  plugin: [],
  // A link to a line of a clone that nobody else has helps nobody.
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  intentionallyNotExported: behindTypes,
  validation: {
    notExported: true,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: true,
    unusedMergeModuleWith: true,
  },
  requiredToBeDocumented: [
    "Class",
    "Interface",
    "TypeAlias",
    "Variable",
    "Function",
    "Method",
    "Accessor",
    "Namespace",
  ],
  sort: ["documents-first", "source-order"],
  groupOrder: [
    "Guides",
    "Reference",
    "Examples",
    "The project",
    "Classes",
    "Namespaces",
    "Functions",
    "Constructors",
    "Properties",
    "Accessors",
    "Methods",
    "*",
  ],
  jsDocCompatibility: { defaultTag: false },
  customCss: join(root, "scripts/site/style.css"),
  navigation: { includeGroups: true },
  searchInDocuments: true,
  searchInComments: true,
  githubPages: false,
  headings: { document: false, readme: false },
  highlightLanguages: ["typescript", "javascript", "json", "python", "bash", "html", "console"],
  markdownItLoader: (parser) => {
    drawMath(parser);
    nameHeadings(parser);
  },
});
tellDefaults(app);
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateDocs(project, out);
rmSync(pages, { recursive: true });
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
