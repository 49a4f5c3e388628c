// The source of a torch.nn.Module for a network: the classes it needs, its constructor, its
// forward().
import { initInPython, type ResolvedArchitecture, type ResolvedInit } from "../architecture.js";
import type { LayerKind } from "../layers/kind.js";
import type { ResolvedLayer } from "../layers/layer.js";
import {
  call,
  type DrawnAnew,
  type Expression,
  method,
  type PythonLayer,
  snakeCase,
} from "../layers/python.js";
import { layerKinds } from "../layers/table.js";
import { layOut, width } from "./layout.js";

/** What a generator's and a discriminator's source differ in. */
export interface ModuleSource {
  readonly className: string;
  readonly docstring: string;
  /** Parameters of forward() after self. */
  readonly parameters: readonly string[];
  /** What the layers start from, in terms of the parameters. */
  readonly input: string;
}

const body = " ".repeat(8);

/** The whole file. */
export function moduleSource(resolved: ResolvedArchitecture, source: ModuleSource): string {
  const { init } = resolved;
  const writer = new Writer(init);
  const layers = resolved.layers.map((layer) => ({ layer, python: writer.layer(layer) }));
  const [first] = source.parameters;
  const isSequence =
    source.input === first && layers.every(({ layer, python }, i) => isPlain(layer, python, i));
  const lines = isSequence
    ? sequenceClass(layers, source, resolved)
    : moduleClass(layers, source, resolved);
  const parts = [...writer.helpers, ...(init === undefined ? [] : [initInPython(init)]), lines];
  return [`${imports(parts.join("\n"), writer.imports)}`, ...parts].join("\n\n\n").concat("\n");
}

interface Written {
  readonly layer: ResolvedLayer;
  readonly python: PythonLayer;
}

/** Writes layers, and remembers what they need beside themselves. */
class Writer {
  readonly helpers = new Set<string>();
  readonly imports = new Set<string>();
  readonly #drawnAnew: DrawnAnew;

  constructor(init: ResolvedInit) {
    this.#drawnAnew = (module) =>
      init === undefined ? module : method(module, "apply", "weights_init");
  }

  /** One of the network's own layers. */
  layer(layer: ResolvedLayer): PythonLayer {
    const python = this.#write(layer);
    this.#keep(python);
    return python;
  }

  #inside(layer: ResolvedLayer): Expression {
    const python = this.#write(layer);
    const { module } = this.#keep(python.inside ?? python);
    return module;
  }

  #write(layer: ResolvedLayer): PythonLayer {
    const kind = layerKinds.get(layer.type) as LayerKind;
    return kind.python(layer, (child) => this.#inside(child), this.#drawnAnew);
  }

  #keep(python: PythonLayer): PythonLayer {
    for (const helper of python.helpers ?? []) this.helpers.add(helper);
    if (python.import !== undefined) this.imports.add(python.import);
    return python;
  }
}

/** A layer that nn.Sequential names and calls as we do. */
function isPlain(layer: ResolvedLayer, python: PythonLayer, position: number): boolean {
  return layer.name === String(position) && python.forward === undefined;
}

function imports(code: string, others: ReadonlySet<string>): string {
  return [
    ...(/\btorch\./.test(code) ? ["import torch"] : []),
    "from torch import nn",
    ...(/\bF\./.test(code) ? ["from torch.nn import functional as F"] : []),
    ...others,
  ].join("\n");
}

function classHead({ className, docstring }: ModuleSource, base: string): string {
  const text = `    """${docstring}"""`;
  const lines = text.length > width ? text.replace(" -> ", "\n    -> ") : text;
  return `class ${className}(${base}):\n${lines}\n\n    def __init__(self):`;
}

const applyInit = ({ init }: ResolvedArchitecture) =>
  init === undefined ? [] : [`${body}self.apply(weights_init)`];

/**
 * Whether the network is an nn.Sequential itself, as no layer has a name: keys begin with positions
 * then.
 */
function sequenceClass(
  layers: readonly Written[],
  source: ModuleSource,
  resolved: ResolvedArchitecture,
): string {
  const construction = call("super().__init__", ...layers.map(({ python }) => python.module));
  return [
    classHead(source, "nn.Sequential"),
    layOut("", construction, "", body),
    ...applyInit(resolved),
  ].join("\n");
}

function moduleClass(
  layers: readonly Written[],
  source: ModuleSource,
  resolved: ResolvedArchitecture,
): string {
  const stateful = new Set([...resolved.state.keys()].map((key) => key.split(".")[0] as string));
  const names = new Set(layers.map(({ layer }) => layer.name));
  const members = layers.map((written, position) => member(written, position, stateful, names));
  const [first] = source.parameters;
  const start = source.input === first ? [] : [`${body}x = ${source.input}`];
  const steps = members.map(({ apply }, i) => {
    const from = i === 0 && start.length === 0 ? (first as string) : "x";
    return layOut(i === members.length - 1 ? "return " : "x = ", apply(from), "", body);
  });
  return [
    classHead(source, "nn.Module"),
    `${body}super().__init__()`,
    ...members.flatMap(({ create }) => (create === undefined ? [] : [create])),
    ...applyInit(resolved),
    "",
    `    def forward(self, ${source.parameters.join(", ")}):`,
    ...start,
    ...steps,
  ].join("\n");
}

interface Member {
  /** The line that makes the module, if it needs one. */
  readonly create?: string | undefined;
  /** What forward() makes of a variable. */
  apply(x: string): Expression;
}

/** How one of a module's own layers is made and called. */
function member(
  { layer, python }: Written,
  position: number,
  stateful: ReadonlySet<string>,
  names: ReadonlySet<string>,
): Member {
  const unnamed = layer.name === String(position);
  const needsKey = stateful.has(layer.name);
  if (unnamed && !needsKey && python.inline !== undefined) return { apply: python.inline };
  // Without state the name is nobody's key, and may be one that reads well.
  const name = unnamed && !needsKey ? freeName(layer.type, position, names) : layer.name;
  const attribute = isAttribute(name);
  const module = attribute ? `self.${name}` : `self.get_submodule("${name}")`;
  const { forward = (module: string, x: string) => `${module}(${x})` } = python;
  return {
    create: attribute
      ? layOut(`self.${name} = `, python.module, "", body)
      : layOut("", addModule(name, python.module), "", body),
    apply: (x) => forward(module, x),
  };
}

const addModule = (name: string, module: Expression) =>
  call("self.add_module", `"${name}"`, module);

function freeName(type: string, position: number, names: ReadonlySet<string>): string {
  let name = `${snakeCase(type)}_${position}`;
  while (names.has(name)) name += "_";
  return name;
}

const keywords = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from
  global if import in is lambda nonlocal not or pass raise return try while with yield`.split(
    /\s+/,
  ),
);

/** Whether `self.name` is Python. Two leading underscores would be mangled. */
function isAttribute(name: string): boolean {
  return /^(?!__)[A-Za-z_]\w*$/.test(name) && !keywords.has(name);
}
