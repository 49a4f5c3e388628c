// First weights as data: what users write, how it is completed and checked, and how PyTorch writes
// it. A new kind costs its interface, a row here and one in native/core/nn/init.cc.
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import type { ResolvedOptions } from "../layers/layer.js";
import { keywords, snakeCase } from "../layers/python.js";
import type { NativeChoice } from "../native.js";

/**
 * What the first weights are: torch.nn's own, or others that are drawn after them.
 *
 * - `"dcgan"` draws the weights of convolutions from N(0, 0.02²) and those of batch normalisation
 *   from N(1, 0.02²), and makes the biases of batch normalisation 0 (Radford et al. 2016,
 *   section 4)
 * - an object draws the weights of linear layers, of maxout and of convolutions as the function of
 *   torch.nn.init that its type names, and makes their biases 0
 *
 * Inside `spectralNorm` a weight is drawn before its largest singular value is sought.
 */
export type Init =
  | "torch"
  | "dcgan"
  | UniformInit
  | NormalInit
  | XavierInit
  | KaimingInit
  | OrthogonalInit;

/**
 * First weights from U(−range, range): irange in pylearn2, and in the code of the 2014 paper.
 * torch.nn.init.uniform_.
 */
export interface UniformInit {
  readonly type: "uniform";
  /** Finite and above 0. */
  readonly range: number;
}

/** First weights from N(0, std²). torch.nn.init.normal_. */
export interface NormalInit {
  readonly type: "normal";
  /** Their standard deviation, finite and above 0. */
  readonly std: number;
}

/**
 * First weights with a standard deviation of gain · √(2 / (fanIn + fanOut)) (Glorot and Bengio
 * 2010). torch.nn.init.xavier_uniform_ and xavier_normal_.
 */
export interface XavierInit {
  readonly type: "xavierUniform" | "xavierNormal";
  /** Finite and above 0. @default 1 */
  readonly gain?: number | undefined;
}

/**
 * First weights with a standard deviation of gain / √fan, where the gain is that of the activation
 * behind them (He et al. 2015). torch.nn.init.kaiming_uniform_ and kaiming_normal_.
 */
export interface KaimingInit {
  readonly type: "kaimingUniform" | "kaimingNormal";
  /** Slope below 0 of a leakyRelu, finite and at least 0. @default 0, as of a relu */
  readonly a?: number | undefined;
  /** Whether the forward pass keeps its scale, or the backward pass. @default "fanIn" */
  readonly mode?: "fanIn" | "fanOut" | undefined;
  /** The activation. @default "leakyRelu" */
  readonly nonlinearity?: "leakyRelu" | "relu" | "linear" | "selu" | "tanh" | undefined;
}

/**
 * First weights that are orthogonal as a matrix with a row for each index of their first axis (Saxe
 * et al. 2014). torch.nn.init.orthogonal_.
 */
export interface OrthogonalInit {
  readonly type: "orthogonal";
  /** What they are multiplied by, finite and above 0. @default 1 */
  readonly gain?: number | undefined;
}

type Named = Exclude<Init, string>;

/** Options as they come, from a file perhaps. */
type Given = Readonly<Record<string, unknown>>;

interface InitKind {
  /** Options it knows beside `type`. */
  readonly options: readonly string[];
  /** Fills in what is missing. Throws TypeError or RangeError. */
  resolve(given: Given, name: string): ResolvedOptions;
  /** What torch.nn.init's function takes after the weight. */
  python(options: ResolvedOptions): readonly string[];
}

const gained: InitKind = {
  options: ["gain"],
  resolve: ({ gain = 1 }, name) => ({ gain: check.positive(gain, `${name}.gain`) }),
  python: (options) => keywords({ options }, { gain: 1 }),
};

const nonlinearities = ["leakyRelu", "relu", "linear", "selu", "tanh"];

const kaiming: InitKind = {
  options: ["a", "mode", "nonlinearity"],
  resolve({ a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }, name) {
    const slope = check.notNegative(a, `${name}.a`);
    const fan = check.oneOf(mode, `${name}.mode`, ["fanIn", "fanOut"]);
    const bend = check.oneOf(nonlinearity, `${name}.nonlinearity`, nonlinearities);
    if (slope > 0 && bend !== "leakyRelu")
      throw wrongType('"leakyRelu" where a is above 0', `${name}.nonlinearity`, bend);
    return { a: slope, mode: fan, nonlinearity: bend };
  },
  python: (options) => keywords({ options }, { a: 0, mode: "fanIn", nonlinearity: "leakyRelu" }),
};

const kinds: Readonly<Record<Named["type"], InitKind>> = {
  uniform: {
    options: ["range"],
    resolve: ({ range }, name) => ({ range: check.positive(range, `${name}.range`) }),
    python: ({ range }) => [`-${range}`, `${range}`],
  },
  normal: {
    options: ["std"],
    resolve: ({ std }, name) => ({ std: check.positive(std, `${name}.std`) }),
    python: (options) => keywords({ options }, { std: 1 }),
  },
  xavierUniform: gained,
  xavierNormal: gained,
  kaimingUniform: kaiming,
  kaimingNormal: kaiming,
  orthogonal: gained,
};

/** What an object that says how weights are drawn may have as its type. */
export const initTypes = Object.keys(kinds) as (keyof typeof kinds)[];

/** What draws weights anew, complete; undefined where they stay as torch.nn draws them. */
export type ResolvedInit = NativeChoice | undefined;

/** Checks what the first weights are. Throws TypeError or RangeError. */
export function resolveInit(init: unknown, name: string): ResolvedInit {
  if (init === "torch") return undefined;
  if (init === "dcgan") return { type: init, options: {} };
  const type = check.isObject(init) && initTypes.find((known) => known === init.type);
  if (!type) throw wrongType(initText, name, init);
  const { options, resolve } = kinds[type];
  return { type, options: resolve(check.options(init, name, ["type", ...options]), name) };
}

/** The WHAT of an error. */
export const initText = `"torch", "dcgan" or an object of type ${initTypes.join(", ")}`;

/** Source of the function that draws weights anew, for a module's apply(). */
export function initInPython({ type, options }: NativeChoice): string {
  if (type === "dcgan") return dcganInit;
  const made = kinds[type as Named["type"]].python(options);
  return `def weights_init(module):
    """First weights ${type === "uniform" ? "from U(-range, range)" : `of nn.init.${snakeCase(type)}_`}, biases 0."""
    if type(module).__name__ in ("Linear", "Conv2d", "ConvTranspose2d"):
        nn.init.${snakeCase(type)}_(${["module.weight", ...made].join(", ")})
        if module.bias is not None:
            nn.init.zeros_(module.bias)`;
}

const dcganInit = `def weights_init(module):
    """The first weights of DCGAN (Radford et al. 2016, section 4)."""
    name = type(module).__name__
    if name in ("Conv2d", "ConvTranspose2d"):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif name in ("BatchNorm1d", "BatchNorm2d") and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)`;
