import type { Latent } from "../architecture/types.js";
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { refused, type SparringError } from "../errors.js";
import type { Shape } from "../shape.js";
import type { Layer, ResolvedLayer } from "./layer.js";

/** What a layer may know of the network around it. */
export interface Surroundings {
  readonly player: "generator" | "discriminator";
  /** Classes of the labels that the network is given beside its input; 0 if it is given none. */
  readonly classes: number;
  /** What a generator starts from; undefined in a discriminator. */
  readonly latent: Complete<Latent> | undefined;
  /** Numbers of the style that layers see here, `w` of `styled`; 0 outside of one. */
  readonly styleFeatures: number;
  /** This network where layers see a style of so many numbers. */
  styled(features: number): Surroundings;
  /** Counts a layer. Throws ERR_ARCHITECTURE where there are too many. */
  enter(): void;
  /** Resolves layers that follow each other, under the path of the layer they are in. */
  sequence(layers: unknown, input: Shape, path: string): ResolvedLayer[];
  /** Resolves one layer, under a path and a name that are given. */
  single(layer: unknown, input: Shape, path: string, name: string): ResolvedLayer;
}

/** Where a layer stands in its network. */
export interface Spot {
  readonly among: "inside" | "last" | "before others";
  readonly isFirst: boolean;
}

/**
 * The site of a layer in its network, for the sentences of its errors and for what is allowed
 * there.
 */
export class Site {
  readonly path: string;
  readonly type: string;
  readonly around: Surroundings;
  /** Where among the network's own layers: none before or after it, or inside another one. */
  readonly spot: Spot["among"];
  /** Whether the network's input comes into it, and nothing else. */
  readonly isFirst: boolean;

  constructor(path: string, type: string, around: Surroundings, { among, isFirst }: Spot) {
    this.path = path;
    this.type = type;
    this.around = around;
    this.spot = among;
    this.isFirst = isFirst;
  }

  /** `conv_blocks.2 (conv2d)` */
  toString(): string {
    return `${this.path} (${this.type})`;
  }

  /** The name of one of its options, for check.ts. */
  option(name: string): string {
    return `${name} of ${this}`;
  }

  /** One of its options that is a shape. */
  shape(value: unknown, option: string): number[] {
    const side = (index: number) => this.option(`${option}[${index}]`);
    return check.shape(value, this.option(option), undefined, side);
  }

  /** An input that does not fit this layer. */
  refuse(needed: string, input: Shape, hint = ""): SparringError {
    return this.refuseWhat(needed, `an input of [${input.join(", ")}]`, hint);
  }

  /** Anything else that does not fit. */
  refuseWhat(needed: string, received: string, hint = ""): SparringError {
    const end = hint === "" ? received : `${received}; ${hint}`;
    return refused("ERR_ARCHITECTURE", needed, `${this}`, end);
  }

  /** [channels, height, width], or the refusal of anything else. */
  image(input: Shape, hint = ""): readonly [number, number, number] {
    if (input.length !== 3) throw this.refuse("an input of [channels, height, width]", input, hint);
    return input as unknown as readonly [number, number, number];
  }

  /** [features], or the refusal of anything else. */
  features(input: Shape): Shape {
    if (input.length !== 1)
      throw this.refuse("an input of [features]", input, "put flatten() before it");
    return input;
  }

  /**
   * The first size of an input. A layer may state it under the option's name, and then has to be
   * right.
   */
  size(layer: Layer, option: string, input: Shape): number {
    const [size, ...sides] = input as [number, ...number[]];
    const stated = layer[option] ?? size;
    if (check.integer(stated, this.option(option), 1) !== size) {
      const others = input.length === 3 ? ["height", "width"] : sides;
      throw this.refuse(`an input of [${[stated, ...others].join(", ")}]`, input);
    }
    return size;
  }
}
