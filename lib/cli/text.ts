// Numbers and runs as a reader likes them.
import { counted, grouped } from "../count.js";
import { sizeText } from "../data/size.js";
import { type RunConfig, trainedText } from "../run/config.js";
import type { RunFolder } from "../run/folder.js";
import type { GeneratorOrigin } from "../run/generator.js";
import type { TrainingRun } from "../run/training.js";
import { ofPlayers, partsText } from "../trainer/explanation-text.js";
import type { Frozen } from "../trainer/frozen.js";

/** `0:42`, `12:05`, `1:02:03` */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** What is trained on what, before it begins. */
export function headLines(run: TrainingRun, folder: RunFolder): string[] {
  const { config, generator, discriminator } = run;
  const { preset, data, images, heldImages, size, steps, device, threads, seed, execution } =
    config;
  const held = heldImages > 0 ? `, and ${grouped(heldImages)} kept back` : "";
  const epochs = counted(run.epochs.count(steps), "epoch");
  const one = device === "cpu" ? `cpu, ${counted(threads, "thread")}` : device;
  const machine = run.team.size === 1 ? one : `${run.team.size} ranks of ${one}`;
  return [
    `Training ${trainedText(preset)} on ${data}: ${counted(images, "image")} of ${sizeText(size)}${held}`,
    `  generator ${grouped(generator.parameterCount)} parameters, discriminator ${grouped(discriminator.parameterCount)}${firstText(config)}`,
    `  ${counted(steps, "step")} of ${stepText(config)} (${epochs}), ${execution}, on ${machine}`,
    ...frozenLines(config),
    `  seed ${seed}, into ${folder.path}${beginningText(run)}`,
  ];
}

/** `, from runs/seven after 1,800 steps`: whose networks it began with. */
function firstText({ from, fromStep }: RunConfig): string {
  if (from === null) return "";
  const steps = fromStep === null ? "" : ` after ${counted(fromStep, "step")}`;
  return `, from ${from}${steps}`;
}

/** Where it goes on; where that is its end, what would take it further. */
function beginningText({ step, config }: TrainingRun): string {
  if (step === 0) return "";
  const end = step < config.steps ? "" : ": all are done, and --steps or --epochs takes it further";
  return `, from step ${grouped(step)} on${end}`;
}

/** `64 images`, `1 image`, `64 images in 4 parts`, `5 batches of 64 images` */
function stepText({ batch, accumulate, discriminatorSteps }: RunConfig): string {
  const images = `${counted(batch, "image")}${partsText({ accumulate })}`;
  return discriminatorSteps === 1 ? images : `${discriminatorSteps} batches of ${images}`;
}

/** `  frozen: l1 of the generator; the first 2 layers of the discriminator` */
function frozenLines({ frozen }: RunConfig): string[] {
  // A run that is older than it does not say.
  const { generator = 0, discriminator = 0 } = { ...frozen };
  const told = ofPlayers(chosenText(generator), chosenText(discriminator));
  return told === "" ? [] : [`  frozen: ${told}`];
}

function chosenText(chosen: Frozen): string {
  if (typeof chosen !== "number") return chosen.join(", ");
  if (chosen === 0) return "";
  return chosen === 1 ? "the first layer" : `the first ${chosen} layers`;
}

/** Where everything is, after it ended. */
export function tailLines(run: TrainingRun, folder: RunFolder, seconds: number): string[] {
  const done = run.isDone ? "Trained" : "Stopped after";
  return [
    `${done} ${counted(run.step, "step")} in ${clock(seconds)}`,
    `  samples in ${folder.samples}, the last is ${folder.sample(run.step)}`,
    `  weights in ${folder.weights}, the last checkpoint in ${folder.checkpoints}`,
  ];
}

/** `averaged generator of r3gan after 2,000 steps` */
export function generatorText({ averaged, preset, step }: GeneratorOrigin): string {
  const which = averaged ? "averaged generator" : "generator";
  return `${which} of ${trainedText(preset)}${step === null ? "" : ` after ${counted(step, "step")}`}`;
}

/** Tells of something that is not as it should be, beside the output. */
export function printNote(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
