// The table of experiments: a new one costs its file, a row here and a function in index.ts.
import type { Experiment, Figures } from "./kind.js";
import { type Algorithm1, algorithm1 } from "./algorithm1.js";
import { type Figure1, figure1 } from "./figure1.js";
import { type Modes, modes } from "./modes.js";
import { type Proposition1, proposition1 } from "./proposition1.js";
import { type Saturation, saturation } from "./saturation.js";
import { type Theorem1, theorem1 } from "./theorem1.js";

export const experiments = { figure1, proposition1, theorem1, algorithm1, saturation, modes };

export type ExperimentName = keyof typeof experiments;

export const experimentNames = Object.keys(experiments) as ExperimentName[];

/** What an experiment found. */
export type AnyFigures = Figure1 | Proposition1 | Theorem1 | Algorithm1 | Saturation | Modes;

/** The experiment that figures are of: its own methods take them. */
export function experimentOf({ experiment }: Pick<AnyFigures, "experiment">): Experiment<Figures> {
  return experiments[experiment] as unknown as Experiment<Figures>;
}
