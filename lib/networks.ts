import { addon, crossing, direct } from "./addon.js";
import {
  countParameters,
  type DiscriminatorArchitecture,
  type GeneratorArchitecture,
  lastType,
  type ResolvedArchitecture,
  resolveDiscriminator,
  resolveGenerator,
  resolveLatent,
} from "./architecture.js";
import * as check from "./check.js";
import { type Device, resolveDevice } from "./device.js";
import { outOfRange, wrongType } from "./errors.js";
import { Images } from "./images.js";
import { product } from "./layers/kind.js";
import type { NativeLatent, NativeNetwork } from "./native.js";
import { checkState, readSafetensors, writeSafetensors } from "./safetensors.js";

/** Where a network lives and what its first weights are. */
export interface NetworkOptions {
  /** @default "cpu" */
  readonly device?: Device;
  /**
   * Starts a stream of random numbers, as torch.manual_seed does: weights are drawn from it in the order
   * of PyTorch, and the networks built next without a seed, and the trainer, go on with it.
   * A whole number of at least 0. @default goes on with the stream of the network built before, or one nobody chose
   */
  readonly seed?: number;
}

/** What generators and discriminators share. Its memory is freed when it is collected; dispose() frees it now. */
abstract class Network implements Disposable {
  readonly device: Device;
  /** @internal */
  readonly resolved: ResolvedArchitecture;
  /** @internal */
  readonly native: NativeNetwork;

  constructor(resolved: ResolvedArchitecture, options: NetworkOptions) {
    check.options(options, "options", ["device", "seed"]);
    if (options.seed !== undefined) check.seed(options.seed, "seed");
    this.device = resolveDevice(options.device);
    this.resolved = resolved;
    const { Network } = addon();
    this.native = direct(
      () => new Network(resolved.layers, this.device, options.seed, countBytes(resolved)),
    );
  }

  /** How many numbers training changes. */
  get parameterCount(): number {
    return countParameters(this.resolved);
  }

  /** Resolves when the initial weights are drawn. Every other call waits for that by itself. */
  ready(): Promise<void> {
    return crossing(() => this.native.ready());
  }

  /** Writes weights and buffers as safetensors, under the keys of the PyTorch twin's state_dict(). */
  async saveWeights(path: string): Promise<void> {
    check.string(path, "path");
    const tensors = await crossing(() => this.native.state());
    await writeSafetensors(path, tensors);
  }

  /** Reads what saveWeights, or PyTorch, wrote. Throws ERR_WEIGHTS and changes nothing if it does not fit. */
  async loadWeights(path: string): Promise<void> {
    check.string(path, "path");
    const tensors = await readSafetensors(path);
    checkState(tensors, this.resolved.state, path);
    await crossing(() => this.native.load(tensors));
  }

  /** Frees the weights. Work that is running ends first. Calling it twice is fine. */
  dispose(): void {
    this.native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Runs it on a batch in evaluation mode. */
  protected async forward(data: Float32Array, shape: readonly number[]): Promise<Images> {
    const output = await crossing(() => this.native.forward(data, [...shape]));
    return new Images(output, [shape[0] as number, ...this.resolved.output]);
  }
}

/** Makes samples from latents. */
export class Generator extends Network {
  readonly architecture: GeneratorArchitecture;
  /** @internal */
  readonly latent: NativeLatent;

  constructor(architecture: GeneratorArchitecture, options: NetworkOptions = {}) {
    super(resolveGenerator(architecture), options);
    this.architecture = architecture;
    this.latent = resolveLatent(architecture.latent, "architecture.latent");
  }

  /** Shape of one sample. */
  get image(): readonly number[] {
    return this.resolved.output;
  }

  /**
   * Draws latents and makes samples of them, in evaluation mode. Never disturbs a training run: its
   * random numbers are its own, and it takes its turn between two steps.
   *
   * @param count at least 1
   * @param options `seed`: the same samples for the same weights. @default one nobody chose
   */
  async sample(count: number, options: { seed?: number } = {}): Promise<Images> {
    check.integer(count, "count", 1);
    check.options(options, "options", ["seed"]);
    const seed =
      options.seed === undefined
        ? Math.floor(Math.random() * 2 ** 48)
        : check.seed(options.seed, "seed");
    const data = await crossing(() => this.native.sample(this.latent, count, seed));
    return new Images(data, [count, ...this.image]);
  }

  /**
   * Makes samples of given latents, in evaluation mode.
   *
   * @param latents values of [count, noise + classes + codes]
   */
  async generate(latents: Float32Array): Promise<Images> {
    if (!(latents instanceof Float32Array)) throw wrongType("a Float32Array", "latents", latents);
    check.ownMemory(latents, "latents");
    const width = product(this.resolved.input);
    if (latents.length === 0 || latents.length % width !== 0) {
      throw outOfRange(`a multiple of ${width} values`, "latents", `${latents.length} values`);
    }
    return this.forward(latents, [latents.length / width, width]);
  }
}

/** Tells real samples from made ones. */
export class Discriminator extends Network {
  readonly architecture: DiscriminatorArchitecture;
  /** What its output is: a probability if it ends in a sigmoid, else a logit. */
  readonly scores: "probability" | "logit";

  constructor(architecture: DiscriminatorArchitecture, options: NetworkOptions = {}) {
    super(resolveDiscriminator(architecture), options);
    this.architecture = architecture;
    this.scores = lastType(this.resolved.layers) === "sigmoid" ? "probability" : "logit";
  }

  /** Shape of one sample. */
  get image(): readonly number[] {
    return this.resolved.input;
  }

  /** One score for each image, in evaluation mode. */
  async score(images: Images): Promise<Float32Array> {
    if (!(images instanceof Images)) throw wrongType("Images", "images", images);
    if (images.shape.slice(1).join() !== this.image.join()) {
      throw outOfRange(`images of shape [count, ${this.image.join(", ")}]`, "images", images.shape);
    }
    return (await this.forward(images.data, images.shape)).data;
  }
}

/** @internal Bytes of weights and buffers. */
export function countBytes(resolved: ResolvedArchitecture): number {
  let bytes = 0;
  for (const spec of resolved.state.values())
    bytes += product(spec.shape) * (spec.dtype === "int64" ? 8 : 4);
  return bytes;
}
