// What a user finds in a namespace and what is known by its type, in a config file or a checkpoint,
// are one list each.
import { expect, it } from "vitest";
import { auxiliaryTable } from "../lib/auxiliaries/table.js";
import { auxiliaries, layers, objectives, optimizers, penalties, schedules } from "../lib/index.js";
import { layerKinds } from "../lib/layers/table.js";
import { objectiveTable } from "../lib/objectives/table.js";
import { scheduleTable } from "../lib/optimizers/settings.js";
import { optimizerTable } from "../lib/optimizers/table.js";
import { penaltyTable } from "../lib/penalties/table.js";

it.each<[string, object, readonly string[]]>([
  ["layers", layers, [...layerKinds.keys()]],
  ["objectives", objectives, Object.keys(objectiveTable)],
  ["penalties", penalties, Object.keys(penaltyTable)],
  ["auxiliaries", auxiliaries, Object.keys(auxiliaryTable)],
  ["optimizers", optimizers, Object.keys(optimizerTable)],
  ["schedules", schedules, Object.keys(scheduleTable)],
])("%s", (_, namespace, types) => {
  expect(types.toSorted()).toEqual(Object.keys(namespace).toSorted());
});
