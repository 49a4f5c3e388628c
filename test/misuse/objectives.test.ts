// Objectives, their penalties and auxiliaries, as a stranger makes them.
import { bad, refuses } from "../helpers/misuse.js";
import { auxiliaries, objectives, penalties } from "../../lib/index.js";

refuses("objectives", [
  [
    "options that are null",
    () => objectives.hinge(bad(null)),
    "TypeError",
    "Expected an object for options of hinge but received null",
  ],
  [
    "options in an array",
    () => objectives.minimax(bad([])),
    "TypeError",
    "Expected an object for options of minimax but received []",
  ],
  [
    "penalties that are one",
    () => objectives.hinge({ penalties: bad(penalties.r1) }),
    "TypeError",
    "Expected an array for penalties but received function r1",
  ],
  [
    "penalties in a Set",
    () => objectives.hinge({ penalties: bad(new Set([penalties.r1()])) }),
    "TypeError",
    "Expected an array for penalties but received an instance of Set",
  ],
  [
    "a penalty that is not called",
    () => objectives.hinge({ penalties: [bad(penalties.r1)] }),
    "TypeError",
    "Expected a penalty, as penalties.r1() makes it, for penalties[0] but received function r1",
  ],
  [
    "an objective as a penalty",
    () => objectives.hinge({ penalties: [bad(objectives.hinge())] }),
    "TypeError",
    'Expected one of wganGp, wganDiv, r1, r2, dragan, pathLength for penalties[0].type but received "hinge"',
  ],
  [
    "a penalty of the prototype",
    () => objectives.hinge({ penalties: [bad({ type: "constructor" })] }),
    "TypeError",
    'Expected one of wganGp, wganDiv, r1, r2, dragan, pathLength for penalties[0].type but received "constructor"',
  ],
  [
    "a penalty without a type",
    () => objectives.hinge({ penalties: [bad({ weight: 1 })] }),
    "TypeError",
    "Expected one of wganGp, wganDiv, r1, r2, dragan, pathLength for penalties[0].type but received undefined",
  ],
  [
    "a penalty with a strange field",
    () => objectives.hinge({ penalties: [bad({ type: "r1", gamma: 1 })] }),
    "TypeError",
    'Expected only the options weight, every for options of r1 but received "gamma"',
  ],
  [
    "a penalty as an auxiliary",
    () => objectives.hinge({ auxiliaries: [bad(penalties.r1())] }),
    "TypeError",
    'Expected one of acgan, infogan for auxiliaries[0].type but received "r1"',
  ],
  [
    "smoothing as text",
    () => objectives.nonSaturating({ labelSmoothing: bad("0.1") }),
    "TypeError",
    'Expected a number in [0, 0.5) for labelSmoothing of nonSaturating but received "0.1"',
  ],
  [
    "smoothing where there is no target",
    () => objectives.wasserstein(bad({ labelSmoothing: 0.1 })),
    "TypeError",
    'Expected only the options weightClip, penalties, auxiliaries for options of wasserstein but received "labelSmoothing"',
  ],
  [
    "a margin as text",
    () => objectives.energyBased({ margin: bad("1") }),
    "TypeError",
    'Expected a finite number above 0 for margin of energyBased but received "1"',
  ],
  [
    "a margin that no float32 holds",
    () => objectives.energyBased({ margin: 1e39 }),
    "RangeError",
    "Expected a finite float32 above 0 for margin of energyBased but received 1e+39",
  ],
  [
    "a ratio as null",
    () => objectives.boundaryEquilibrium({ gamma: bad(null) }),
    "TypeError",
    "Expected a value for gamma of boundaryEquilibrium but received null",
  ],
  [
    "a gain that is NaN",
    () => objectives.boundaryEquilibrium({ lambda: Number.NaN }),
    "RangeError",
    "Expected a finite number above 0 for lambda of boundaryEquilibrium but received NaN",
  ],
  [
    "a margin of a softmax",
    () => objectives.softmax(bad({ margin: 1 })),
    "TypeError",
    'Expected only the options penalties, auxiliaries for options of softmax but received "margin"',
  ],
  [
    "a clip below 0",
    () => objectives.wasserstein({ weightClip: -0.01 }),
    "RangeError",
    "Expected a finite number above 0 for weightClip of wasserstein but received -0.01",
  ],
  [
    "a weight clip that no float32 holds",
    () => objectives.wasserstein({ weightClip: 1e39 }),
    "RangeError",
    "Expected a finite float32 above 0 for weightClip of wasserstein but received 1e+39",
  ],
  [
    "a clip of -0",
    () => objectives.wasserstein({ weightClip: -0 }),
    "RangeError",
    "Expected a finite number above 0 for weightClip of wasserstein but received -0",
  ],
  [
    "a divergence that is none",
    () => objectives.fDivergence(bad({ divergence: "KL" })),
    "TypeError",
    'Expected one of kl, reverseKl, pearson, jensenShannon for divergence of fDivergence but received "KL"',
  ],
]);

refuses("penalties and auxiliaries", [
  [
    "a weight in place of options",
    () => penalties.r1(bad(10)),
    "TypeError",
    "Expected an object for options of r1 but received 10",
  ],
  [
    "a weight of null",
    () => penalties.wganGp({ weight: bad(null) }),
    "TypeError",
    "Expected a value for weight of wganGp but received null",
  ],
  [
    "a weight of NaN",
    () => penalties.wganGp({ weight: NaN }),
    "RangeError",
    "Expected a finite number above 0 for weight of wganGp but received NaN",
  ],
  [
    "a weight as a BigInt",
    () => penalties.dragan({ weight: bad(10n) }),
    "TypeError",
    "Expected a finite number above 0 for weight of dragan but received 10n",
  ],
  [
    "every as text",
    () => penalties.r2({ every: bad("16") }),
    "TypeError",
    'Expected a whole number of at least 1 for every of r2 but received "16"',
  ],
  [
    "every that is not exact",
    () => penalties.r1({ every: 2 ** 53 }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for every of r1 but received 9007199254740992",
  ],
  [
    "a misspelt option",
    () => penalties.r1(bad({ wieght: 1 })),
    "TypeError",
    'Expected only the options weight, every for options of r1 but received "wieght"',
  ],
  [
    "a decay as text",
    () => penalties.pathLength({ decay: bad("0.01") }),
    "TypeError",
    'Expected a number in (0, 1] for decay of pathLength but received "0.01"',
  ],
  [
    "a decay of null",
    () => penalties.pathLength({ decay: bad(null) }),
    "TypeError",
    "Expected a value for decay of pathLength but received null",
  ],
  [
    "a decay of NaN",
    () => penalties.pathLength({ decay: Number.NaN }),
    "RangeError",
    "Expected a number in (0, 1] for decay of pathLength but received NaN",
  ],
  [
    "the halved batch of StyleGAN2's code",
    () => penalties.pathLength(bad({ batchShrink: 2 })),
    "TypeError",
    'Expected only the options weight, every, decay for options of pathLength but received "batchShrink"',
  ],
  [
    "path lengths that another penalty decays",
    () => penalties.r1(bad({ decay: 0.01 })),
    "TypeError",
    'Expected only the options weight, every for options of r1 but received "decay"',
  ],
  [
    "a weight of acgan without end",
    () => auxiliaries.acgan({ weight: Infinity }),
    "RangeError",
    "Expected a finite number above 0 for weight of acgan but received Infinity",
  ],
  [
    "a weight of infogan as text",
    () => auxiliaries.infogan({ categorical: bad("1") }),
    "TypeError",
    'Expected a finite number of at least 0 for categorical of infogan but received "1"',
  ],
]);
