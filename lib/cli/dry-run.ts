// `sparring train --dry-run`: what the run would be, for people.
import type { DryRun, NetworkTable } from "../run/dry.js";
import { amount, columns } from "../trainer/explanation-text.js";
import { counted, grouped } from "../count.js";
import { clock } from "./text.js";

export function dryRunText(told: DryRun): string {
  return toLines(told).join("\n");
}

function toLines({ config, generator, discriminator, parameters, lowerBounds }: DryRun): string[] {
  const { bytes, millisecondsPerStep, seconds } = lowerBounds;
  const settings = Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]);
  return [
    ...columns([["config", ""], ...settings]),
    "",
    ...network("generator", generator),
    "",
    ...network("discriminator", discriminator),
    "",
    `${grouped(parameters)} parameters in all.`,
    `A step holds at least ${amount(bytes, "B")} of outputs, beside weights and optimizers.`,
    `${counted(config.steps, "step")} ${config.steps === 1 ? "takes" : "take"} at least ${clock(seconds)}: a lower bound, of ${millisecondsPerStep.toPrecision(3)} ms a step`,
    "at what this machine can do right now at best. Nothing was written.",
  ];
}

function network(title: string, { parameters, layers }: NetworkTable): string[] {
  const rows = layers.map((row) => [
    row.path,
    row.type,
    row.output.join(" × "),
    row.parameters === 0 ? "" : grouped(row.parameters),
  ]);
  const head = [title, "type", "output", "parameters"];
  return columns([head, ...rows, ["", "", "", grouped(parameters)]]);
}
