import { SparringError } from "../errors.js";
import type { ResolvedLayer, Shape } from "./kind.js";

/** What a layer may know of the network around it. */
export interface Surroundings {
  readonly player: "generator" | "discriminator";
  /** Classes of the labels that the network is given beside its input; 0 if it is given none. */
  readonly classes: number;
  /** Resolves layers that follow each other, under the path of the layer they are in. */
  sequence(layers: unknown, input: Shape, path: string): ResolvedLayer[];
  /** Resolves one layer, under a path and a name that are given. */
  single(layer: unknown, input: Shape, path: string, name: string): ResolvedLayer;
}

/** Where a layer stands, for the sentences of its errors and for what is allowed there. */
export class Place {
  readonly path: string;
  readonly type: string;
  readonly around: Surroundings;
  /** Where among the network's own layers: none before or after it, or inside another one. */
  readonly spot: "inside" | "last" | "before others";

  constructor(path: string, type: string, around: Surroundings, spot: Place["spot"]) {
    this.path = path;
    this.type = type;
    this.around = around;
    this.spot = spot;
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
    return this.refuseWhat(needed, `an input of [${input.join(", ")}]`, hint);
  }

  /** Anything else that does not fit. */
  refuseWhat(needed: string, received: string, hint = ""): SparringError {
    const message = `Expected ${needed} for ${this} but received ${received}`;
    return new SparringError("ERR_ARCHITECTURE", hint === "" ? message : `${message}; ${hint}`);
  }

  /** [channels, height, width], or the refusal of anything else. */
  image(input: Shape, hint = ""): readonly [number, number, number] {
    if (input.length !== 3) throw this.refuse("an input of [channels, height, width]", input, hint);
    return input as unknown as readonly [number, number, number];
  }

  /** The width of [features], or the refusal of anything else. */
  features(input: Shape): number {
    if (input.length !== 1)
      throw this.refuse("an input of [features]", input, "put flatten() before it");
    return input[0] as number;
  }
}
