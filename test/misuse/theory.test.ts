// Experiments of the theory.
import { bad, refuses } from "../helpers/misuse.js";
import { theory } from "../../lib/index.js";
import { experimentNames } from "../../lib/theory/table.js";

const figures = { experiment: "theorem1", seed: 0, steps: 10 };

refuses("theory", [
  [
    "options that are a seed",
    () => theory.theorem1(bad(7)),
    "TypeError",
    "Expected an object for options but received 7",
  ],
  [
    "an option that there is not",
    () => theory.theorem1(bad({ sed: 7 })),
    "TypeError",
    'Expected the option seed for options but received "sed"',
  ],
  [
    "a negative seed",
    () => theory.theorem1({ seed: -1 }),
    "RangeError",
    "Expected a whole number of at least 0 for seed but received -1",
  ],
  [
    "a seed in letters",
    () => theory.proposition1({ seed: bad("7") }),
    "TypeError",
    'Expected a whole number of at least 0 for seed but received "7"',
  ],
  [
    "too few steps to see anything",
    () => theory.proposition1({ steps: 9 }),
    "RangeError",
    "Expected a whole number of at least 10 for steps but received 9",
  ],
  [
    "a signal that is a controller",
    () => theory.proposition1({ signal: bad(new AbortController()) }),
    "TypeError",
    "Expected an AbortSignal for signal but received an instance of AbortController",
  ],
  [
    "figures that are a promise's",
    () => theory.save(bad(undefined), "new"),
    "TypeError",
    "Expected what an experiment returned for figures but received undefined",
  ],
  [
    "figures of no experiment",
    () => theory.save(bad({ ...figures, experiment: "theorem2" }), "new"),
    "TypeError",
    `Expected one of ${experimentNames.join(", ")} for figures.experiment but received "theorem2"`,
  ],
  [
    "a folder without a name",
    () => theory.save(bad(figures), ""),
    "TypeError",
    'Expected a non-empty string for folder but received ""',
  ],
]);
