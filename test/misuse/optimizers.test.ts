// Optimizers and their schedules, as a stranger makes them.
import { bad, bare, holed, refuses } from "../helpers/misuse.js";
import { optimizers, schedules } from "../../lib/index.js";

refuses("optimizers", [
  [
    "a rate in place of options",
    () => optimizers.adam(bad(2e-4)),
    "TypeError",
    "Expected an object for options of adam but received 0.0002",
  ],
  [
    "a rate below 0",
    () => optimizers.adam({ lr: -1e-3 }),
    "RangeError",
    "Expected a finite number above 0 for lr but received -0.001",
  ],
  [
    "a misspelt rate",
    () => optimizers.adam(bad({ learningRate: 1e-3 })),
    "TypeError",
    'Expected the option lr for options of adam but received "learningRate"',
  ],
  [
    "a misspelt rate without a prototype",
    () => optimizers.sgd(bare({ learningRate: 1e-3 })),
    "TypeError",
    'Expected the option lr for options of sgd but received "learningRate"',
  ],
  [
    "a rate of 0",
    () => optimizers.adam({ lr: 0 }),
    "RangeError",
    "Expected a finite number above 0 for lr but received 0",
  ],
  [
    "a rate without end",
    () => optimizers.adam({ lr: Infinity }),
    "RangeError",
    "Expected a finite number above 0 for lr but received Infinity",
  ],
  [
    "a rate that no float32 holds",
    () => optimizers.sgd({ lr: 1e39 }),
    "RangeError",
    "Expected a finite float32 above 0 for lr but received 1e+39",
  ],
  [
    "a beta of 1",
    () => optimizers.adam({ betas: [0.5, 1] }),
    "RangeError",
    "Expected a number in [0, 1) for betas[1] but received 1",
  ],
  [
    "betas that are one number",
    () => optimizers.adam({ betas: bad(0.5) }),
    "TypeError",
    "Expected an array of 2 numbers for betas but received 0.5",
  ],
  [
    "betas as text",
    () => optimizers.adam({ betas: bad("ab") }),
    "TypeError",
    'Expected an array of 2 numbers for betas but received "ab"',
  ],
  [
    "three betas",
    () => optimizers.adamW({ betas: bad([0.5, 0.9, 0.9]) }),
    "TypeError",
    "Expected an array of 2 numbers for betas but received [0.5, 0.9, 0.9]",
  ],
  [
    "betas with a hole",
    () => optimizers.adam({ betas: holed([0, 0.9], 0) }),
    "TypeError",
    "Expected a number in [0, 1) for betas[0] but received undefined",
  ],
  [
    "a beta of NaN",
    () => optimizers.adam({ betas: [NaN, 0.9] }),
    "RangeError",
    "Expected a number in [0, 1) for betas[0] but received NaN",
  ],
  [
    "a weight decay without end",
    () => optimizers.adamW({ weightDecay: Infinity }),
    "RangeError",
    "Expected a finite number of at least 0 for weightDecay but received Infinity",
  ],
  [
    "a decay that no float32 holds",
    () => optimizers.rmsprop({ weightDecay: 1e39 }),
    "RangeError",
    "Expected a finite float32 of at least 0 for weightDecay but received 1e+39",
  ],
  [
    "an AMSGrad by a number",
    () => optimizers.adam({ amsgrad: bad(1) }),
    "TypeError",
    "Expected true or false for amsgrad but received 1",
  ],
  [
    "an AMSGrad of what has none",
    () => optimizers.rmsprop(bad({ amsgrad: true })),
    "TypeError",
    'Expected only the options lr, alpha, eps, weightDecay, momentum, centered, schedule, clipGradNorm, clipGradValue for options of rmsprop but received "amsgrad"',
  ],
  [
    "a momentum below 0",
    () => optimizers.sgd({ momentum: -0.1 }),
    "RangeError",
    "Expected a number in [0, 1) for momentum but received -0.1",
  ],
  [
    "a momentum in an array",
    () => optimizers.sgd({ momentum: bad([0.9]) }),
    "TypeError",
    "Expected an object for momentum but received [0.9]",
  ],
  [
    "nesterov as a number",
    () => optimizers.sgd({ nesterov: bad(1) }),
    "TypeError",
    "Expected true or false for nesterov but received 1",
  ],
  [
    "an alpha of NaN",
    () => optimizers.rmsprop({ alpha: NaN }),
    "RangeError",
    "Expected a number in [0, 1) for alpha but received NaN",
  ],
  [
    "a clip of NaN",
    () => optimizers.adam({ clipGradNorm: NaN }),
    "RangeError",
    "Expected a finite number above 0 for clipGradNorm but received NaN",
  ],
  [
    "a clip of a number below 0",
    () => optimizers.sgd({ clipGradValue: -1 }),
    "RangeError",
    "Expected a finite number above 0 for clipGradValue but received -1",
  ],
  [
    "two ways to clip",
    () => optimizers.adam({ clipGradNorm: 1, clipGradValue: 1 }),
    "TypeError",
    "Expected nothing (clipGradNorm is given) for clipGradValue but received 1",
  ],
  [
    "a schedule that is not called",
    () => optimizers.adam({ schedule: bad(schedules.cosine) }),
    "TypeError",
    "Expected a schedule, as schedules.linear() makes it, for schedule but received function cosine",
  ],
  [
    "a schedule that is a function of the step",
    () => optimizers.adam({ schedule: bad(() => 1) }),
    "TypeError",
    "Expected a schedule, as schedules.linear() makes it, for schedule but received function (anonymous)",
  ],
  [
    "an optimizer as a schedule",
    () => optimizers.adam({ schedule: bad(optimizers.sgd()) }),
    "TypeError",
    'Expected one of constant, linear, exponential, cosine, step, multiStep, warmUp for schedule.type but received "sgd"',
  ],
]);

refuses("schedules", [
  [
    "torch's names of a warm-up's options",
    () => schedules.warmUp(bad({ start_factor: 0.1, total_iters: 100 })),
    "TypeError",
    'Expected the option from for options of warmUp but received "start_factor"',
  ],
  [
    "a milestone without its list",
    () => schedules.multiStep(bad(1000)),
    "TypeError",
    "Expected an object for options of multiStep but received 1000",
  ],
  [
    "epochs in place of updates",
    () => schedules.step(bad({ epochs: 30 })),
    "TypeError",
    'Expected only the options stepSize, gamma for options of step but received "epochs"',
  ],
  [
    "no options",
    () => schedules.linear(bad(undefined)),
    "TypeError",
    "Expected a whole number of at least 1 for steps of linear but received undefined",
  ],
  [
    "steps in place of options",
    () => schedules.cosine(bad(100)),
    "TypeError",
    "Expected an object for options of cosine but received 100",
  ],
  [
    "steps of a fraction",
    () => schedules.linear({ steps: 1.5 }),
    "RangeError",
    "Expected a whole number of at least 1 for steps of linear but received 1.5",
  ],
  [
    "no steps",
    () => schedules.cosine({ steps: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for steps of cosine but received 0",
  ],
  [
    "an end above 1",
    () => schedules.linear({ to: 1.1, steps: 9 }),
    "RangeError",
    "Expected a number in [0, 1] for to of linear but received 1.1",
  ],
  [
    "a gamma of NaN",
    () => schedules.exponential({ gamma: NaN }),
    "RangeError",
    "Expected a number in (0, 1] for gamma of exponential but received NaN",
  ],
  [
    "a gamma as text",
    () => schedules.exponential({ gamma: bad("0.9") }),
    "TypeError",
    'Expected a number in (0, 1] for gamma of exponential but received "0.9"',
  ],
  [
    "a floor without end",
    () => schedules.exponential({ gamma: 0.9, min: Infinity }),
    "RangeError",
    "Expected a finite number of at least 0 for min of exponential but received Infinity",
  ],
]);
