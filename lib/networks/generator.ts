import {
  type GeneratorArchitecture,
  isStyled,
  type Latent,
  resolveGenerator,
  resolveLatent,
} from "../architecture.js";
import * as check from "../check.js";
import { readGenerator } from "../checkpoint/load.js";
import { type Device, resolveDevice } from "../device.js";
import { outOfRange, show, traced, wrongType } from "../errors.js";
import { writeWhole } from "../files.js";
import { crossingUntil } from "../signal.js";
import { some } from "../inspect.js";
import { type Keep, keeping } from "../keeping.js";
import { Images } from "../images.js";
import type { NativeLatent, NativeNetwork, NativeSampleRequest } from "../native.js";
import { checkOpset, type OnnxOptions } from "../onnx/opset.js";
import type { Bytes, Floats } from "../arrays.js";
import { generatorSource } from "../pytorch/generator.js";
import { product } from "../shape.js";
import {
  checkAnswer,
  checkCodes,
  checkLabels,
  checkManner,
  checkNoise,
  checkRows,
  checkTruncation,
  checkTruncationPsi,
  type GenerateArguments,
  type SampleOptions,
} from "./conditions.js";
import { columnsOf, drawLatents } from "./draw.js";
import { copyOf, Network, type NetworkOptions } from "./network.js";

/** Most numbers in one array: as many as Node can allocate on every machine. */
const largestArray = 2 ** 30;

/** Which generator of a checkpoint is wanted, and where it goes to. */
export interface GeneratorLoadOptions {
  /** The weights that were trained, where an average of them was kept. @default false */
  readonly raw?: boolean | undefined;
  /** @default "cpu" */
  readonly device?: Device | undefined;
}

/**
 * Makes samples from latents. Its type knows its latent: `sample({ labels })` is there only where
 * it has classes, `sample({ codes })` only where it has codes.
 *
 * @example
 * ```ts
 * const generator = new Generator(
 *   architectures.dcgan({ latent: { noise: 100 }, image: [3, 64, 64] }),
 *   { device: "cpu", seed: 7 },
 * );
 * const samples = await generator.sample(25, { seed: 0 });
 * await samples.save("grid.png", { columns: 5 });
 * ```
 */
export class Generator<const L extends Latent = Latent> extends Network {
  /** What it was made of, as plain data: it survives JSON, and makes another like it. */
  readonly architecture: GeneratorArchitecture<L>;
  readonly #latent: NativeLatent;

  /**
   * Checks the architecture, infers every size, and builds it. The first weights are drawn while
   * your program goes on. What you change in the architecture later changes nothing here.
   *
   * @param architecture its latent, and layers from there to a sample
   * @param options `device`, `seed`
   * @throws TypeError, RangeError, ERR_ARCHITECTURE with the layer and both shapes, ERR_DEVICE,
   * ERR_MEMORY for weights that do not fit into what is free
   */
  constructor(architecture: GeneratorArchitecture<L>, options?: NetworkOptions);
  /** @internal */
  constructor(
    architecture: GeneratorArchitecture<L>,
    options: NetworkOptions,
    template: NativeNetwork,
  );
  constructor(
    architecture: GeneratorArchitecture<L>,
    options: NetworkOptions = {},
    template?: NativeNetwork,
  ) {
    super(resolveGenerator(architecture), options, template);
    this.architecture = copyOf(architecture);
    const latent = resolveLatent(architecture.latent, "architecture.latent");
    const { labels, distribution, ...widths } = latent;
    this.#latent = { ...widths, oneHot: labels === "oneHot", uniform: distribution === "uniform" };
  }

  /**
   * The generator of a checkpoint alone, to sample from: the average of its weights where
   * one was kept. Nothing else of the checkpoint is loaded; `Trainer.load()` goes on training.
   *
   * @param path what trainer.save() wrote, or a folder in the `checkpoints` of a run
   * @param options.raw the weights that were trained, and not their average @default false
   * @param options.device where it goes to @default "cpu"
   * @throws TypeError for arguments; ERR_CHECKPOINT for a checkpoint that is missing, damaged, or
   * of a newer version; what the constructor throws, for a forged network; ERR_WEIGHTS
   */
  static async load(path: check.Path, options: GeneratorLoadOptions = {}): Promise<Generator> {
    const place = check.path(path, "path");
    check.options(options, "options", ["raw", "device"]);
    const raw = check.boolean(options.raw ?? false, "raw");
    const device = resolveDevice(options.device);
    const load = async (keep: Keep) => {
      const saved = await readGenerator(place, raw);
      const generator = keep(new Generator(saved.architecture, { device }));
      await generator.loadTensors(saved.tensors, saved.path);
      return generator;
    };
    return traced(() => keeping(load));
  }

  /** @internal */
  get latent(): NativeLatent {
    return this.#latent;
  }

  /** Shape of one sample. */
  get image(): readonly number[] {
    return this.resolved.output;
  }

  /** @internal */
  protected override get flow(): string {
    const { noise, classes, codes } = this.latent;
    const parts = [
      some(noise, "noise", "noise"),
      some(classes, "class", "classes"),
      some(codes, "code"),
    ];
    return `${parts.filter((part) => part !== undefined).join(", ")} → ${show(this.image)}`;
  }

  /**
   * Copies it: a generator with these weights, which goes its own way from here. Draws no random
   * numbers.
   *
   * @throws ERR_DISPOSED
   */
  clone(): Generator<L> {
    return new Generator<L>(this.architecture, { device: this.device }, this.native);
  }

  override toPyTorch(): string {
    return generatorSource(this.resolved, this.latent);
  }

  /**
   * The generator as an ONNX model, in evaluation mode: what runs it needs neither Sparring nor
   * PyTorch. Its inputs are `noise` [N, noise], of the latent's distribution, and, as far as the
   * latent has them, `labels` [N] (int64, from 0 to classes − 1) and `codes` [N, codes]; its output
   * is `images` [N, channels, height, width], or whatever the last layer makes. N is any number.
   * Weights have the keys of saveWeights; spectral normalisation is computed once, here. What to
   * draw the inputs from and the range of the images are texts of its metadata, `sparring.latent`
   * and `sparring.range`.
   *
   * @param options `opset` 17 to 26 @default 17
   * @throws TypeError and RangeError for options; ERR_ARCHITECTURE for weights of more than 2 GiB,
   * ERR_DISPOSED
   */
  async toOnnx(options: OnnxOptions = {}): Promise<Bytes> {
    const opset = checkOpset(options);
    return traced(async () => {
      // Only those who export wait for the schema of ONNX to be read.
      const { checkOnnxSize, generatorModel } = await import("../onnx/generator.js");
      checkOnnxSize(this.resolved);
      return this.withState((state) => generatorModel(this.resolved, this.latent, state, opset));
    });
  }

  /**
   * Writes what toOnnx() makes to a file, whole or not at all.
   *
   * @throws what toOnnx() throws, and ERR_OUTPUT
   */
  async saveOnnx(path: check.Path, options: OnnxOptions = {}): Promise<void> {
    const place = check.path(path, "path");
    await traced(async () => writeWhole(place, [await this.toOnnx(options)]));
  }

  /**
   * Draws latents and makes samples of them, in evaluation mode. Never disturbs a training run: its
   * random numbers are its own, and it takes its turn between two steps; many samples take several
   * turns, but all are drawn with the weights that it began with.
   *
   * @param count at least 1; all samples together are at most 2³⁰ numbers, 4 GiB
   * @param options `seed`, and the `noise`, `labels` and `codes` that are not to be drawn, or a
   * `truncation` of the noise; a `truncationPsi`; an `execution`; a `signal` that ends it between
   * two parts of 256 samples
   * @throws TypeError and RangeError for arguments; ERR_DISPOSED, ERR_MEMORY; the reason of
   * `signal`
   */
  async sample(count: number, options: SampleOptions<L> = {} as never): Promise<Images> {
    checkCount(count, Math.max(product(this.image), product(this.resolved.input)));
    const given: SampleOptions = options;
    const known = [
      "seed",
      "noise",
      "truncation",
      "truncationPsi",
      "labels",
      "codes",
      "execution",
      "signal",
    ] as const;
    check.options(given, "options", known);
    const request = this.#request(count, given);
    const { fused, signal } = checkManner(given);
    checkRows(count, this.resolved, "count");
    const data = await crossingUntil(signal, (stop) =>
      this.native.sample(request, { fused }, stop),
    );
    return new Images(data, [count, ...this.image]);
  }

  /** What is chosen of some samples, checked. */
  #request(count: number, given: SampleOptions): NativeSampleRequest {
    const seed = checkSeed(given.seed);
    const { noise: size, classes, codes: width } = this.latent;
    const noise = checkNoise(given.noise, count, size);
    const truncation = checkTruncation(given.truncation, noise);
    const truncationPsi = checkTruncationPsi(given.truncationPsi, isStyled(this.resolved));
    const labels = checkLabels(given.labels, count, classes, "the latent has no classes");
    const codes = checkCodes(given.codes, count, width);
    return { latent: this.latent, count, seed, labels, codes, noise, truncation, truncationPsi };
  }

  /**
   * The noise that sample() with the same count and seed draws, of the latent's distribution:
   * [count, noise] side by side. latents.slerp() and latents.lerp() lead from one to another, and
   * sample() takes it back. If sample() is given labels or codes, and so draws none, only the first
   * 256 rows are the same: samples come in parts of 256, and each part draws on where the last
   * ended.
   *
   * @param count at least 1; at most 2³⁰ numbers
   * @param options `seed`, a whole number of at least 0 @default a random one; `truncation`, as
   * sample() has it @default none
   * @throws TypeError and RangeError for arguments; ERR_MEMORY
   */
  async noise(
    count: number,
    options: { readonly seed?: number | undefined; readonly truncation?: number | undefined } = {},
  ): Promise<Floats> {
    checkCount(count, this.#width);
    check.options(options, "options", ["seed", "truncation"]);
    const seed = checkSeed(options.seed);
    const truncation = checkTruncation(options.truncation);
    const drawn = await drawLatents(this.latent, this.device, { count, seed, truncation });
    return columnsOf(drawn, this.#width, 0, this.latent.noise);
  }

  /** Width of a latent whose label is one-hot. */
  get #width(): number {
    const { noise, classes, codes } = this.latent;
    return noise + classes + codes;
  }

  /**
   * Makes samples of given latents, in evaluation mode.
   *
   * @param latents values of [count, noise + classes + codes], without the classes where labels are
   * embedded; all samples together are at most 2³⁰ numbers, 4 GiB
   * @param options `labels`, needed if they are embedded; a `truncationPsi`, as sample() has it; an
   * `execution`; a `signal` that ends it between two parts of 256 samples
   * @throws TypeError and RangeError for arguments, such as values that are no whole latents;
   * ERR_DISPOSED, ERR_MEMORY; the reason of `signal`
   */
  async generate(latents: Float32Array, ...[options = {}]: GenerateArguments<L>): Promise<Images> {
    check.floats(latents, "latents");
    const { labels: given, manner, ...asked } = checkAnswer(options, ["truncationPsi"]);
    const truncationPsi = checkTruncationPsi(asked.truncationPsi, isStyled(this.resolved));
    const width = product(this.resolved.input);
    if (latents.length === 0 || latents.length % width !== 0) {
      const what = `a multiple of ${width} values, one latent at least,`;
      throw outOfRange(what, "latents", `${latents.length} values`);
    }
    const count = latents.length / width;
    const most = mostSamples(product(this.image));
    if (count > most)
      throw outOfRange(`at most ${most} latents a call (4 GiB)`, "latents", `${count} of them`);
    checkRows(count, this.resolved, "latents", `${count} of them`);
    const { classes } = this.resolved;
    const why =
      this.latent.classes > 0 ? "they are one-hot in the latents" : "the latent has no classes";
    const labels = checkLabels(given, count, classes, why);
    if (classes > 0 && labels === undefined)
      throw wrongType(`a label from 0 to ${classes - 1} for each sample`, "labels", given);
    const batch = { data: latents, shape: [count, width] };
    const data = await this.forward(batch, labels, manner, { truncationPsi });
    return new Images(data, [count, ...this.image]);
  }
}

/** Samples of which all numbers fit into one array. */
const mostSamples = (numbersEach: number) => Math.floor(largestArray / numbersEach);

/** Checks that all samples fit into one array: the call would fail at its end, after minutes. */
function checkCount(count: unknown, numbersEach: number): void {
  const most = mostSamples(numbersEach);
  const asked = check.integer(count, "count", 1);
  if (asked > most) throw outOfRange(`at most ${most} samples a call (4 GiB)`, "count", asked);
}

/** The user's, or one that nobody chose. */
function checkSeed(seed: number | undefined): number {
  return seed === undefined ? Math.floor(Math.random() * 2 ** 48) : check.seed(seed, "seed");
}
