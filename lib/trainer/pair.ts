// What two networks, an objective and its terms have to be, to be trained with each other.
import { batchNormLayer, couplingLayer, layersOfType } from "../architecture.js";
import { needsOf } from "../auxiliaries/table.js";
import * as check from "../check.js";
import { misfit, refused } from "../errors.js";
import { Discriminator, Generator } from "../networks.js";
import { scoresFor } from "../objectives/table.js";
import { discriminatorPenalties, isBetween, pathLengthOf } from "../penalties/table.js";
import type { TrainerOptions, TrainerSettings } from "./options.js";

type Pair = Pick<TrainerOptions, "generator" | "discriminator">;

/** Two networks that fit together. Throws TypeError, ERR_ARCHITECTURE or ERR_DEVICE. */
export function checkPair({ generator, discriminator }: Pair): void {
  check.made(generator, "generator", Generator, "a Generator");
  check.made(discriminator, "discriminator", Discriminator, "a Discriminator");
  if (generator.image.join() !== discriminator.image.join()) {
    const shape = `[${discriminator.image.join(", ")}]`;
    throw misfit(
      `samples of ${shape}, which the discriminator takes,`,
      "generator",
      `[${generator.image.join(", ")}]`,
    );
  }
  if (generator.range.join() !== discriminator.range.join()) {
    const [black, white] = discriminator.range;
    throw misfit(
      `a range of [${black}, ${white}], which the discriminator has,`,
      "generator",
      `[${generator.range.join(", ")}]`,
    );
  }
  const { classes } = discriminator.resolved;
  if (classes > 0 && generator.latent.classes !== classes) {
    throw misfit(
      `${classes} classes, which the discriminator takes,`,
      "generator",
      `${generator.latent.classes}`,
    );
  }
  // A loss that no number of it changes has no gradient.
  if (discriminator.parameterCount === 0)
    throw misfit("layers with weights, which training changes,", "discriminator", "none");
  if (generator.device !== discriminator.device) {
    const what = `the generator's device "${generator.device}"`;
    throw refused("ERR_DEVICE", what, "discriminator", `"${discriminator.device}"`);
  }
}

/** An objective and terms that the pair can be trained with. Throws ERR_ARCHITECTURE. */
export function checkRules(settings: TrainerSettings): void {
  checkScores(settings);
  checkPenalties(settings);
  checkPathLength(settings);
  checkSynced(settings);
  checkHeads(settings);
}

const inWords = { probability: "probabilities", logit: "logits", energy: "energies" } as const;
/** By what a discriminator has them. */
const endings = {
  probability: "a sigmoid at the end",
  logit: "logits",
  energy: "a reconstructionError at the end",
} as const;

function checkScores({ objective, discriminator }: TrainerSettings): void {
  const kinds = scoresFor(objective);
  if (kinds.includes(discriminator.scores)) return;
  const needed =
    kinds.length === 1 && kinds[0] === "energy"
      ? endings.energy
      : kinds.map((kind) => inWords[kind]).join(" or ");
  throw misfit(
    `${needed}, which ${objective.type} needs,`,
    "discriminator",
    endings[discriminator.scores],
  );
}

/**
 * Refuses penalties where samples influence each other: the gradient at one is then not that of its
 * own score.
 */
function checkPenalties({ objective, discriminator }: TrainerSettings): void {
  const penalty = objective.penalties.find(isBetween);
  if (!penalty) return;
  const coupling = couplingLayer(discriminator.resolved);
  if (coupling === undefined) return;
  throw misfit(
    `layers that keep samples apart, which the penalty ${penalty.type} needs,`,
    "discriminator",
    `${coupling.path} (${coupling.type})`,
  );
}

/** What penalises path lengths differentiates down to the w of one styled layer. */
function checkPathLength({ objective, generator }: TrainerSettings): void {
  if (pathLengthOf(objective.penalties) === undefined) return;
  const styled = layersOfType(generator.resolved, "styled").map(({ path }) => path);
  if (styled.length !== 1) {
    const received = styled.length === 0 ? "none" : styled.join(" and ");
    throw misfit("one styled layer, which the penalty pathLength needs,", "generator", received);
  }
  const coupling = couplingLayer(generator.resolved);
  if (coupling === undefined) return;
  throw misfit(
    "layers that keep samples apart, which the penalty pathLength needs,",
    "generator",
    `${coupling.path} (${coupling.type})`,
  );
}

/** Messages to other ranks have no derivative; a penalty takes that of a backward pass. */
function checkSynced({ objective, discriminator, syncBatchNorm }: TrainerSettings): void {
  const [penalty] = discriminatorPenalties(objective.penalties);
  if (!syncBatchNorm || penalty === undefined) return;
  const norm = batchNormLayer(discriminator.resolved);
  if (norm === undefined) return;
  throw misfit(
    `layers with a second derivative, which the penalty ${penalty.type} needs and synchronised BatchNorm lacks,`,
    "discriminator",
    `${norm.path} (${norm.type})`,
  );
}

/** An auxiliary reads heads, and each is as wide as its part of the latent. */
function checkHeads({ objective, generator, discriminator }: TrainerSettings): void {
  const { heads } = discriminator;
  for (const auxiliary of objective.auxiliaries) {
    const needs = needsOf(auxiliary);
    for (const part of ["classes", "codes"] as const) {
      if (!needs[part]) continue;
      const width = generator.latent[part];
      if (width === 0)
        throw misfit(`a latent with ${part}, which ${auxiliary.type} needs,`, "generator", "none");
      if (heads[part] === width) continue;
      throw misfit(
        `a head ${part} of [${width}], which ${auxiliary.type} needs,`,
        "discriminator",
        heads[part] === 0 ? "none" : `[${heads[part]}]`,
      );
    }
  }
}
