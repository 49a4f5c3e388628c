// How layers are written in Python: expressions as data, which lib/pytorch/ lays out on lines.
import type { OptionValue, ResolvedLayer } from "./layer.js";

/** An expression: text, or parts between two brackets that may go on lines of their own. */
export type Expression = string | Bracketed;

export interface Bracketed {
  /** `nn.Sequential(` */
  readonly open: string;
  readonly items: readonly Expression[];
  readonly close: string;
}

/** A layer in PyTorch's words. */
export interface PythonLayer {
  /** What makes the module. */
  readonly module: Expression;
  /** Source of the classes it needs beyond torch.nn. */
  readonly helpers?: readonly string[] | undefined;
  /** What forward() makes of the module and the variable `x`. @default module(x) */
  forward?(module: string, x: string): Expression;
  /**
   * What forward() makes of the variable `x` where the layer has no name and so needs no module.
   */
  inline?(x: string): string;
  /** A line of imports that it needs. */
  readonly import?: string | undefined;
  /**
   * The layer inside another that takes labels: a module that is called as module(x), or as
   * module(x, labels) if its class has `takes_labels`. @default the same module
   */
  readonly inside?: Pick<PythonLayer, "module" | "helpers"> | undefined;
}

/** What forward() makes of a module that takes labels. */
export const withLabels = (module: string, x: string): Expression => `${module}(${x}, labels)`;

/** A function of Python for what holds modules that take labels. */
export const told = `def told(module, x, labels):
    """What a module makes of x, and of the labels if it takes them."""
    return module(x, labels) if getattr(module, "takes_labels", False) else module(x)`;

/** Writes a layer inside another; remembers its helpers and imports. */
export type WritePython = (layer: ResolvedLayer) => Expression;

/** Writes a module so that its first weights are drawn anew at once, if any are. */
export type DrawnAnew = (module: Expression) => Expression;

/** `name(arguments)` */
export function call(name: string, ...items: readonly Expression[]): Bracketed {
  return { open: `${name}(`, items, close: ")" };
}

/** `expression.name(argument)` */
export function method(value: Expression, name: string, argument: string): Expression {
  const after = `.${name}(${argument})`;
  return typeof value === "string" ? `${value}${after}` : { ...value, close: value.close + after };
}

/** `[items]` */
export function list(...items: readonly Expression[]): Bracketed {
  return { open: "[", items, close: "]" };
}

/** A call with one argument more. */
export function withItem(value: Expression, item: Expression): Expression {
  return typeof value === "string" ? value : { ...value, items: [...value.items, item] };
}

/** `lambda parameter: expression` */
export function lambda(parameter: string, value: Bracketed): Bracketed {
  return { ...value, open: `lambda ${parameter}: ${value.open}` };
}

/** `keyword=expression` */
export function keyword(name: string, value: Expression): Expression {
  if (typeof value === "string") return `${name}=${value}`;
  return { ...value, open: `${name}=${value.open}` };
}

/** The options that differ from torch.nn's defaults, as keyword arguments. */
export function keywords(
  { options }: Pick<ResolvedLayer, "options">,
  defaults: Readonly<Record<string, OptionValue>>,
): string[] {
  return Object.entries(defaults).flatMap(([option, fallback]) => {
    const value = literal(options[option] as OptionValue);
    return value === literal(fallback) ? [] : [`${snakeCase(option)}=${value}`];
  });
}

/** A value as Python writes it; a pair of equals as one number, as torch.nn takes it. */
export function literal(value: OptionValue): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(snakeCase(value));
  if (typeof value === "number") return number(value);
  if (value.length === 2 && value[0] === value[1]) return number(value[0] as number);
  return tuple(value);
}

export function tuple(values: readonly number[]): string {
  return `(${values.map(number).join(", ")}${values.length === 1 ? "," : ""})`;
}

function number(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

/** outputPadding → output_padding */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** nn.Sequential; its children keep their names where they have some. */
export function sequence(layers: readonly ResolvedLayer[], write: WritePython): PythonLayer {
  const takesLabels = layers.some((layer) => layer.takesLabels);
  if (!takesLabels && layers.every(({ name }, position) => name === String(position)))
    return { module: call("nn.Sequential", ...layers.map(write)) };
  const items = layers.map((layer) => entry(layer.name, write(layer)));
  const made = (name: string): Expression => ({ open: `${name}({`, items, close: "})" });
  return takesLabels
    ? { module: made("Labelled"), helpers: [named, told, labelled], forward: withLabels }
    : { module: made("Named"), helpers: [named] };
}

/** `"name": expression` */
function entry(name: string, value: Expression): Expression {
  if (typeof value === "string") return `"${name}": ${value}`;
  return { ...value, open: `"${name}": ${value.open}` };
}

const labelled = `class Labelled(Named):
    """Modules one after the other, of which some take labels."""

    takes_labels = True

    def forward(self, x, labels):
        for module in self:
            x = told(module, x, labels)
        return x`;

const named = `class Named(nn.Sequential):
    """Modules one after the other, under names of their own."""

    def __init__(self, modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)`;
