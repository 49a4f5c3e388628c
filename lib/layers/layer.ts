// A layer as data: as it is written, and once every size is inferred.
import type { Shape } from "../shape.js";

/** What a layer option can be. */
export type OptionValue = number | boolean | string | readonly number[];

/** Options with every default filled in. */
export type ResolvedOptions = Readonly<Record<string, OptionValue>>;

/** A layer as data: its type, torch.nn's options in camelCase, and optionally a name. */
export interface Layer {
  /** What layers.TYPE() makes: `linear`, `conv2d`. */
  readonly type: string;
  /** Key in the state dict. @default its position among its siblings, as in nn.Sequential */
  readonly name?: string | undefined;
  /** What a layer that is made of layers is made of. */
  readonly layers?: readonly Layer[] | undefined;
  readonly [option: string]: OptionValue | readonly Layer[] | undefined;
}

/** A layer with every default filled in and every size inferred, between two known shapes. */
export interface ResolvedLayer<O extends ResolvedOptions = ResolvedOptions> {
  readonly type: string;
  readonly name: string;
  /** Where it stands, as PyTorch would name it: `conv_blocks.2`. */
  readonly path: string;
  readonly options: O;
  readonly layers: readonly ResolvedLayer[];
  /** It looks at the labels of the batch, or a layer inside it does. */
  readonly takesLabels: boolean;
  readonly input: Shape;
  readonly output: Shape;
}
