// What a trainer is made of, as it is asked for and with every default filled in.
import type { Complete } from "../complete.js";
import type { Device } from "../device.js";
import type { Group } from "../distributed/group.js";
import type { Discriminator, Generator } from "../networks.js";
import type { Objective } from "../objectives/table.js";
import type { Optimizer } from "../optimizers/table.js";
import type { AdaOptions } from "./ada.js";
import type { FrozenOptions } from "./frozen.js";

/** The order of the two players in a step. */
export type Order = (typeof orders)[number];
export const orders = ["generatorFirst", "discriminatorFirst"] as const;

/** Whether the two players learn from the same fakes. */
export type Fakes = (typeof fakesKinds)[number];
export const fakesKinds = ["same", "fresh"] as const;

/** @internal What each order has where nothing is said: the article's script, and Algorithm 1. */
export const usualFakes: Readonly<Record<Order, Fakes>> = {
  generatorFirst: "same",
  discriminatorFirst: "fresh",
};

/** A policy of DiffAugment. */
export type DiffAugmentPolicy = (typeof policies)[number];
export const policies = ["color", "translation", "cutout"] as const;

/** What products and convolutions are computed in. */
export type Precision = (typeof precisions)[number];
export const precisions = ["float32", "tf32", "bfloat16"] as const;

/** What ranks sum their gradients in. */
export type ReducePrecision = (typeof reducePrecisions)[number];
export const reducePrecisions = ["float32", "bfloat16"] as const;

/** Ways to carry out a step. */
export const executions = ["eager", "fused"] as const;

/** A step cannot be stopped half way: more updates than anyone needs would never come back. */
export const mostUpdates = 1000;

/** The moving average of the generator's weights. */
export interface EmaOptions {
  /** Share of the average that an update keeps, in [0, 1). */
  readonly decay: number;
  /**
   * The half-life of the average is at most this share of the updates so far, so that it forgets
   * the untrained weights early on (Karras et al. 2020); 0 keeps `decay` from the first update.
   * Finite and at least 0.
   * @default 0.05
   */
  readonly rampUp?: number | undefined;
}

/** The pair and how it is trained. */
export interface TrainerOptions {
  /**
   * What is trained to make samples. It goes on being yours: it can be sampled and saved between
   * any two steps.
   */
  readonly generator: Generator;
  /** What judges them: of the same image as the generator, on the same device. */
  readonly discriminator: Discriminator;
  /** What the two minimise, of `objectives`. */
  readonly objective: Objective;
  /** One for each player, of `optimizers`. */
  readonly optimizer: { readonly generator: Optimizer; readonly discriminator: Optimizer };
  /**
   * Whose update comes first in a step: `generatorFirst` is the article's script,
   * `discriminatorFirst` Algorithm 1 of the 2014 paper, where each of the discriminator's updates
   * has a new batch.
   * @default "generatorFirst"
   */
  readonly order?: Order | undefined;
  /**
   * `same`: the generator's update and the discriminator's next to it learn from the same fakes,
   * which are made once, as in the article's script and in DCGAN's, which moves the discriminator
   * first. `fresh`: each update has noise of its own, as in Algorithm 1. Further updates of either
   * player always have. `same` with `discriminatorFirst` is refused beside `accumulate`.
   * @default "same" for `generatorFirst`, "fresh" for `discriminatorFirst`
   */
  readonly fakes?: Fakes | undefined;
  /**
   * k of Algorithm 1: updates of the discriminator, and batches, in a step; 1 to 1000.
   * @default 1
   */
  readonly discriminatorSteps?: number | undefined;
  /**
   * Updates of the generator in a step, 1 to 1000. They follow each other, each on fresh fakes, and
   * take no further batch: the loss of a tick is the mean over them.
   * @default 1
   */
  readonly generatorSteps?: number | undefined;
  /**
   * Parts in which a batch is worked on, one after the other, before each update: the outputs that
   * are saved for the backward pass are those of one part. Up to float32 rounding, training is the
   * same as without parts, as if that many ranks had a part each. Batch normalisation takes one
   * part at a time, as with PyTorch's accumulation of gradients; `minibatchStdDev` and
   * `minibatchDiscrimination`, which compare the samples of a batch, and `syncBatchNorm` are
   * refused. From 1 to the rows of a batch that a rank has, or half of them where BatchNorm needs
   * two; an epoch's last batch has fewer parts if it is smaller.
   * @default 1
   */
  readonly accumulate?: number | undefined;
  /**
   * Weights that stay as they are, as those that require no gradient in PyTorch: of the first
   * layers that have weights, so many of them, as FreezeD fine-tunes a discriminator (Mo et al.
   * 2020), or by name: `{ discriminator: 2 }`, `{ generator: ["l1", "conv_blocks.2.weight"] }`. A
   * name is a layer's path, and stands for all that it holds, or the key of a weight in the state
   * dict. They take no part in clipping, nor in the clipping of WGAN's weights. Running statistics
   * and the vectors of `spectralNorm` go on, as in PyTorch. @default none
   */
  readonly frozen?: FrozenOptions | undefined;
  /** Keeps a moving average of the generator, as trainer.ema. @default none */
  readonly ema?: EmaOptions | undefined;
  /**
   * DiffAugment (Zhao et al. 2020): random changes of every batch, real or made, just before the
   * discriminator sees it; the generator's gradient goes through them. Each policy at most once.
   * @default none
   */
  readonly diffAugment?: readonly DiffAugmentPolicy[] | undefined;
  /**
   * Adaptive discriminator augmentation (Karras et al. 2020): as diffAugment, and after it, but
   * with a probability that follows how sure the discriminator is of the reals, and is part of a
   * checkpoint. `wasserstein`, `softmax`, the relativistic objectives and those of energies, whose
   * scores have no sign that tells real from fake, need `fixed`. `{}` is all defaults.
   * @default none
   */
  readonly ada?: AdaOptions | undefined;
  /**
   * `eager` is PyTorch's arithmetic operation by operation, equal bit for bit; `fused` computes the
   * same function by exact rewrites, faster, equal to rounding. @default "fused"
   */
  readonly execution?: "eager" | "fused" | undefined;
  /**
   * What products and convolutions are computed in; weights, losses and optimizers stay float32.
   * `float32` is what PyTorch does by default; `tf32` has CUDA's matrix products in it too (Ampere
   * or newer); `bfloat16` is torch.autocast's (Ampere or newer; on a CPU it can be faster where
   * there are instructions for it, AMX or AVX512-BF16, and warns where its products are slower).
   * @default "float32"
   */
  readonly precision?: Precision | undefined;
  /**
   * The ranks that train this pair together, of `distributed.join()`: every one of them makes a
   * trainer with the same options and makes the same calls. Batches are divided among them, and up
   * to float32 rounding, training is what one rank would have done. On the CPU over Gloo, or over
   * NCCL with the networks of each rank on a GPU of its own, `cuda:` and its `localRank`.
   * @default none
   */
  readonly distributed?: Group | undefined;
  /**
   * If several ranks train, BatchNorm in both networks takes the rows of all of them, as
   * torch.nn.SyncBatchNorm does, and not of each rank by itself: then it, too, trains as one rank
   * would. Two small messages a layer and pass. Without other ranks it is BatchNorm as ever. It has
   * no second derivative: refused for a discriminator with BatchNorm under a penalty, whatever the
   * number of ranks.
   * @default false
   */
  readonly syncBatchNorm?: boolean | undefined;
  /**
   * What ranks sum their gradients in. `bfloat16` sends half as many bytes, as PyTorch's
   * `bf16_compress_hook` does for DDP and FSDP by its `reduce_dtype`: each rank rounds its share of
   * a gradient to 7 bits of mantissa, and so are the sums of these. Updates are the same on every
   * rank as ever, but those of one rank only to this rounding. Losses, and what `syncBatchNorm`
   * sums, stay float32. Without other ranks nothing is rounded.
   * @default "float32"
   */
  readonly reducePrecision?: ReducePrecision | undefined;
}

/** The options by which two play: a preset has them, and a file may have others. */
export const ruleNames = [
  "objective",
  "optimizer",
  "order",
  "fakes",
  "discriminatorSteps",
  "generatorSteps",
  "frozen",
  "ema",
  "diffAugment",
  "ada",
] as const satisfies readonly (keyof TrainerOptions)[];
export type RuleName = (typeof ruleNames)[number];

/** Every option of a trainer. */
export const trainerNames = [
  "generator",
  "discriminator",
  ...ruleNames,
  "accumulate",
  "execution",
  "precision",
  "distributed",
  "syncBatchNorm",
  "reducePrecision",
] as const satisfies readonly (keyof TrainerOptions)[];

/** Checked options, with every default filled in. */
export interface TrainerSettings
  extends Complete<Omit<TrainerOptions, "frozen" | "ema" | "ada" | "distributed">> {
  readonly frozen: Complete<FrozenOptions>;
  readonly ema: Complete<EmaOptions> | undefined;
  readonly ada: Complete<AdaOptions> | undefined;
  readonly distributed: Group | undefined;
}

/** How to resume from a checkpoint. What is not named here goes on as it was saved. */
export interface LoadOptions {
  /** The device that both networks go to. @default the one that it was saved on */
  readonly device?: Device | undefined;
  /**
   * Seed of other random numbers from here on; a whole number of at least 0.
   * @default goes on with its own
   */
  readonly seed?: number | undefined;
  /** The ranks that go on with it, any number of them. @default none */
  readonly distributed?: Group | undefined;
  /**
   * Another objective, or the same with other penalties: the networks have to go with it, and what
   * it carries from step to step (boundaryEquilibrium's balance, pathLength's mean length) has to
   * be in the checkpoint.
   * @default the one that it was saved with
   */
  readonly objective?: Objective | undefined;
  /**
   * Other optimizers, each of the type that its player has: another learning rate, schedule or
   * clipping. They go on with the moments and the counts of updates that were saved, and a schedule
   * is where it would be after so many updates.
   * @default those that it was saved with
   */
  readonly optimizer?: TrainerOptions["optimizer"] | undefined;
  /** The order of the two players from here on. @default as when it was saved */
  readonly order?: Order | undefined;
  /** Whose fakes they learn from; another `order` does not change it. @default as it was saved */
  readonly fakes?: Fakes | undefined;
  /** Updates of the discriminator in a step, 1 to 1000. @default as many as when it was saved */
  readonly discriminatorSteps?: number | undefined;
  /** Updates of the generator in a step, 1 to 1000. @default as many as when it was saved */
  readonly generatorSteps?: number | undefined;
  /**
   * Weights that stay as they are from here on, `{}` for none. What an optimizer remembers of a
   * weight stays with it, and goes on where it is trained again. @default as when it was saved
   */
  readonly frozen?: FrozenOptions | undefined;
  /**
   * Another weight of the moving average, which goes on. Where none was kept, one begins with the
   * generator as it was saved. @default as when it was saved
   */
  readonly ema?: EmaOptions | undefined;
  /** Policies of DiffAugment from here on; `[]` for none. @default as when it was saved */
  readonly diffAugment?: readonly DiffAugmentPolicy[] | undefined;
  /**
   * ADA from here on. Its probability goes on, or begins at 0 where there was none; a `p` sets it.
   * `{ fixed: true, p: 0 }` changes nothing any more. @default as when it was saved
   */
  readonly ada?: AdaOptions | undefined;
  /** Parts of a batch from here on, at least 1. @default as many as when it was saved */
  readonly accumulate?: number | undefined;
  /** How steps are carried out from here on. @default as when it was saved */
  readonly execution?: "eager" | "fused" | undefined;
  /** What products are computed in from here on. @default as when it was saved */
  readonly precision?: Precision | undefined;
  /** What ranks sum their gradients in from here on. @default as when it was saved */
  readonly reducePrecision?: ReducePrecision | undefined;
}
