import { inspect, types } from "node:util";
import { addon, crossing, direct } from "../addon.js";
import { countParameters, type ResolvedArchitecture } from "../architecture.js";
import { joinBytes } from "../bytes.js";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { refused, SparringError, traced, wrongType } from "../errors.js";
import { freeMemory, gigabytes } from "../free-memory.js";
import { crossingUntil } from "../signal.js";
import { gone, lineOf, some } from "../inspect.js";
import type { NativeNetwork, TensorData } from "../native.js";
import type { Bytes, Floats } from "../arrays.js";
import type { PixelRange } from "../pixel-range.js";
import {
  formatSafetensors,
  parseSafetensors,
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../safetensors.js";
import { product } from "../shape.js";
import { fitState } from "../weights.js";
import type { Manner } from "./conditions.js";

/** The device of a network, and the seed of its first weights. */
export interface NetworkOptions {
  /** The device that it lives and computes on. @default "cpu" */
  readonly device?: Device | undefined;
  /**
   * Starts a stream of random numbers, as torch.manual_seed does: weights are drawn from it in the
   * order of PyTorch, and the networks built next without a seed, and the trainer, go on with it;
   * so do those that Generator.load() and Trainer.load() build. A whole number of at least 0.
   * @default goes on with the stream of the network built before, or a random one
   */
  readonly seed?: number | undefined;
}

/** @internal Rows of what a network takes. */
interface Batch {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * What generators and discriminators share. Its memory is freed when it is collected; dispose()
 * frees it now.
 */
export abstract class Network implements Disposable {
  /** The device that it lives on, with its index: `cuda:0`. */
  readonly device: Device;
  readonly #resolved: ResolvedArchitecture;
  readonly #native: NativeNetwork;
  /** What it was disposed with, where it belonged to something. */
  #owner: string | undefined;
  #disposed = false;

  /** @internal Copies the weights of a template, if there is one, and draws nothing then. */
  constructor(resolved: ResolvedArchitecture, options: NetworkOptions, template?: NativeNetwork) {
    check.options(options, "options", ["device", "seed"]);
    if (options.seed !== undefined) check.seed(options.seed, "seed");
    this.device = resolveDevice(options.device);
    this.#resolved = resolved;
    const { Network } = addon();
    const { layers, init } = resolved;
    const { device } = this;
    const { seed } = options;
    const bytes = countBytes(resolved);
    checkRoom(bytes, device);
    this.#native = direct(() => new Network({ layers, device, seed, bytes, init, template }));
  }

  /** @internal Not a field: those are public, and all that console.log, JSON and a copy see. */
  get resolved(): ResolvedArchitecture {
    return this.#resolved;
  }

  /** @internal Throws ERR_DISPOSED where it went with what it belonged to. */
  get native(): NativeNetwork {
    if (this.#owner === undefined) return this.#native;
    throw new SparringError(
      "ERR_DISPOSED",
      `This network was disposed with ${this.#owner}; clone() it first`,
    );
  }

  /** Its values of black and of white. */
  get range(): PixelRange {
    return this.resolved.range;
  }

  /** How many numbers training changes. */
  get parameterCount(): number {
    return countParameters(this.resolved);
  }

  /**
   * Resolves when the initial weights are drawn. Every other call waits for that by itself.
   *
   * @throws ERR_MEMORY where there was no room for them, ERR_DISPOSED
   */
  ready(): Promise<void> {
    return crossing(() => this.native.ready());
  }

  /**
   * The source of the torch.nn.Module that this network is: its state_dict() has the keys of
   * saveWeights, its constructor draws the weights that a seed gives here, and it computes the same
   * numbers. The class is called Generator or Discriminator; it needs nothing but PyTorch.
   */
  abstract toPyTorch(): string;

  /**
   * Writes weights and buffers as safetensors, under the keys of the PyTorch twin's state_dict().
   *
   * @throws TypeError for anything but a path; ERR_OUTPUT, ERR_DISPOSED
   */
  async saveWeights(path: check.Path): Promise<void> {
    const place = check.path(path, "path");
    await traced(() => this.withState((tensors) => writeSafetensors(place, tensors)));
  }

  /**
   * The bytes of that file, in a buffer of their own: for storage that is not a disk, or for
   * another thread.
   *
   * @throws ERR_DISPOSED
   */
  async toSafetensors(): Promise<Bytes> {
    return traced(() => this.withState((tensors) => joinBytes(formatSafetensors(tensors))));
  }

  /**
   * Reads what saveWeights, or PyTorch, wrote; other dtypes are converted where they fit. Throws
   * ERR_WEIGHTS with everything that does not fit, and changes nothing then.
   *
   * @param path of the file, or its bytes
   */
  async loadWeights(path: check.Path | Uint8Array): Promise<void> {
    const from = checkWeights(path);
    await traced(async () => {
      if (typeof from === "string") return this.loadTensors(await readSafetensors(from), from);
      const name = `${from.byteLength} bytes`;
      const tensors = parseSafetensors(from, name);
      // Theirs may change at once.
      return this.loadTensors(
        tensors.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data) })),
        name,
      );
    });
  }

  /** @internal Loads tensors that were read already, whose memory nobody writes to any more. */
  async loadTensors(tensors: readonly StoredTensor[], path: string): Promise<void> {
    const { native } = this;
    await fitState(tensors, this.resolved.state, path, (fitting) => native.load(fitting));
  }

  /**
   * Frees the weights. Work that is running ends first, and a trainer that has the network goes on
   * with it, and keeps its weights until it is disposed itself. Calling it twice is fine.
   */
  dispose(): void {
    this.#disposed = true;
    this.#native.dispose();
  }

  /** @internal Frees the weights with what it belonged to. */
  disposeWith(owner: string): void {
    this.#owner = owner;
    this.dispose();
  }

  /** What `using` calls: dispose(). */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal What goes in, and what comes out. */
  protected abstract get flow(): string;

  /** @internal */
  [inspect.custom](): string {
    const parameters = some(this.parameterCount, "parameter");
    return lineOf(this, this.flow, parameters, this.device, gone(this.#disposed));
  }

  /** @internal Works with a copy of the weights and buffers, and frees it. */
  protected async withState<T>(work: (state: TensorData[]) => T | Promise<T>): Promise<T> {
    const state = await crossing(() => this.native.state());
    try {
      return await work(state);
    } finally {
      direct(() => addon().release(state));
    }
  }

  /**
   * @internal Runs it on a batch in evaluation mode. `averages`: only the mean of what it makes of
   * each sample. `truncationPsi`: of styles; 1 for none.
   */
  protected forward(
    { data, shape }: Batch,
    labels: Int32Array | undefined,
    { fused, signal }: Manner,
    { averages = false, truncationPsi = 1 } = {},
  ): Promise<Floats> {
    const manner = { fused, averages, truncationPsi };
    return crossingUntil(signal, (stop) =>
      this.native.forward(data, [...shape], labels, manner, stop),
    );
  }
}

/** The system may promise more than there is, and end the process when it is used. */
function checkRoom(bytes: number, device: Device): void {
  const { free, where } = freeMemory(device);
  if (bytes <= free) return;
  const what = `layers whose weights fit into ${gigabytes(free)} of free ${where} memory`;
  throw refused("ERR_MEMORY", what, "architecture", `weights of ${gigabytes(bytes)}`);
}

/** @internal Checked data as they were then, and as they stay, whatever their owner does. */
export function copyOf<A>(architecture: A): A {
  return JSON.parse(JSON.stringify(architecture), (_key, value) => Object.freeze(value));
}

/** @internal Bytes of weights and buffers. */
export function countBytes(resolved: ResolvedArchitecture): number {
  let bytes = 0;
  for (const spec of resolved.state.values())
    bytes += product(spec.shape) * (spec.dtype === "int64" ? 8 : 4);
  return bytes;
}

function checkWeights(path: unknown): string | Uint8Array {
  if (typeof path === "string" || check.isUrl(path)) return check.path(path, "path");
  if (!types.isUint8Array(path)) throw wrongType("a path or a Uint8Array", "path", path);
  check.withMemory(path, "path");
  return path;
}
