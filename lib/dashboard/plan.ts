// What a run does, from its config.json and plan.json: nothing is loaded, and no native code asked.
import {
  isStyled,
  resolveDiscriminator,
  resolveGenerator,
  resolveLatent,
} from "../architecture.js";
import { tableOf } from "../run/dry.js";
import { readRun, readRunConfig } from "../run/stored.js";
import {
  amount,
  frozenText,
  kinds,
  notDone,
  partsText,
  span,
} from "../trainer/explanation-text.js";
import type { ExplainedOperation, StepPlan } from "../trainer/explanation.js";
import type { PlanOperation, PlanSteps, RunPlanView } from "./page/protocol.js";
import type { ShownRun } from "./run.js";

/** What a run does, and how it ended. Throws ERR_DATA where its config makes no sense. */
export async function planOf(run: ShownRun): Promise<RunPlanView> {
  const { folder } = run;
  const stored = await readRun(folder.path, "the run");
  const config = await readRunConfig(folder, "the run", (value) => value as RunPlanView["config"]);
  const { plan, problems } = await run.steps();
  const { noise, classes, codes } = resolveLatent(stored.generator.latent, "latent");
  const generator = resolveGenerator(stored.generator);
  return {
    config,
    summary: await run.summary(),
    generator: tableOf(generator),
    discriminator: tableOf(resolveDiscriminator(stored.discriminator)),
    latent: { noise, classes, codes },
    classNames: stored.classNames,
    averaged: stored.averaged,
    styled: isStyled(generator),
    steps: plan === null ? null : stepsOf(plan),
    problems,
  };
}

function stepsOf(plan: StepPlan): PlanSteps {
  const { kind, batchSize, onePass, rewrites, flops, bytes, buffers } = plan;
  const frozen = frozenText(plan);
  return {
    facts: {
      "A step is": kinds[kind],
      Images: `${batchSize}${partsText(plan)}`,
      "Reals and fakes": `through the discriminator ${onePass ? "in one pass" : "one after the other"}`,
      ...(frozen !== "" && { Frozen: frozen }),
      ...(rewrites.length > 0 && { "The step as a whole": rewrites.join("; ") }),
      Arithmetic: amount(flops, "FLOP"),
      "Memory traffic": `at least ${amount(bytes, "B")}`,
      Buffers: `at least ${amount(buffers, "B")}`,
    },
    generator: plan.generator.map(operationOf),
    discriminator: plan.discriminator.map(operationOf),
    notDone: notDone(plan),
  };
}

function operationOf({ layers, output, flops, rewrites }: ExplainedOperation): PlanOperation {
  const forward = flops === 0 ? "" : amount(flops, "FLOP");
  return { layers: span(layers), output: output.join(" × "), forward, rewrites };
}
