import { SparringError } from "../errors.js";

/** Sizes of one sample, without the batch: [features], or [channels, height, width]. */
export type Shape = readonly number[];

/** What a layer option can be. */
export type OptionValue = number | boolean | string | readonly number[];

/** A layer as data: its type, torch.nn's options in camelCase, and optionally a name. */
export interface Layer {
  readonly type: string;
  /** Key in the state dict. @default its position among its siblings, as in nn.Sequential */
  readonly name?: string;
  /** The layers of a `sequential`. */
  readonly layers?: readonly Layer[];
  readonly [option: string]: OptionValue | readonly Layer[] | undefined;
}

/** A layer with every default filled in and every size inferred, between two known shapes. */
export interface ResolvedLayer {
  readonly type: string;
  readonly name: string;
  /** Where it stands, as PyTorch would name it: `conv_blocks.2`. */
  readonly path: string;
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly layers: readonly ResolvedLayer[];
  readonly input: Shape;
  readonly output: Shape;
}

/** One row of the table of layers. */
export interface LayerKind {
  /** Options it knows beside `type` and `name`. */
  readonly options: readonly string[];
  /** Fills in what is missing. Throws through `at.refuse` where the input does not fit. */
  resolve(
    layer: Layer,
    input: Shape,
    at: Place,
  ): { options: Record<string, OptionValue>; output: Shape };
  /** Shapes of its parameters and buffers, under torch.nn's names. */
  state?(options: Readonly<Record<string, OptionValue>>): Record<string, TensorSpec>;
}

/** A tensor that a layer owns. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: "float32" | "int64";
  readonly trained: boolean;
}

/** Where a layer stands, for the sentences of its errors. */
export class Place {
  readonly path: string;
  readonly type: string;

  constructor(path: string, type: string) {
    this.path = path;
    this.type = type;
  }

  /** `conv_blocks.2 (conv2d)` */
  toString(): string {
    return `${this.path} (${this.type})`;
  }

  /** The name of one of its options, for check.ts. */
  option(name: string): string {
    return `${name} of ${this}`;
  }

  /** An input that does not fit this layer. */
  refuse(needed: string, input: Shape, hint = ""): SparringError {
    const message = `Expected ${needed} for ${this} but received an input of [${input.join(", ")}]`;
    return new SparringError("ERR_ARCHITECTURE", hint === "" ? message : `${message}; ${hint}`);
  }
}

export const trained = (...shape: number[]): TensorSpec => ({
  shape,
  dtype: "float32",
  trained: true,
});
export const kept = (...shape: number[]): TensorSpec => ({
  shape,
  dtype: "float32",
  trained: false,
});
export const counter: TensorSpec = { shape: [], dtype: "int64", trained: false };

export function product(shape: Shape): number {
  return shape.reduce((total, side) => total * side, 1);
}
