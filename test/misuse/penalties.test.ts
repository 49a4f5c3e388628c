// Penalties and auxiliaries, as a stranger makes them.
import { bad, refuses } from "../helpers/misuse.js";
import { auxiliaries, penalties } from "../../lib/index.js";

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
    'Expected the option weight for options of r1 but received "wieght"',
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
  [
    "a weight of 0",
    () => penalties.wganGp({ weight: 0 }),
    "RangeError",
    "Expected a finite number above 0 for weight of wganGp but received 0",
  ],
  [
    "an infinite weight",
    () => penalties.dragan({ weight: Infinity }),
    "RangeError",
    "Expected a finite number above 0 for weight of dragan but received Infinity",
  ],
  [
    "a power below 2",
    () => penalties.wganDiv({ power: 1.5 }),
    "RangeError",
    "Expected a finite number of at least 2 for power of wganDiv but received 1.5",
  ],
  [
    "an infinite power",
    () => penalties.wganDiv({ power: Infinity }),
    "RangeError",
    "Expected a finite number of at least 2 for power of wganDiv but received Infinity",
  ],
  [
    "a power of another penalty",
    () => penalties.wganGp(bad({ power: 6 })),
    "TypeError",
    'Expected only the options weight, every for options of wganGp but received "power"',
  ],
  [
    "a mean length that stays where it is",
    () => penalties.pathLength({ decay: 0 }),
    "RangeError",
    "Expected a number in (0, 1] for decay of pathLength but received 0",
  ],
  [
    "one that goes too far",
    () => penalties.pathLength({ decay: 1.1 }),
    "RangeError",
    "Expected a number in (0, 1] for decay of pathLength but received 1.1",
  ],
  [
    "half an interval",
    () => penalties.r2({ every: 1.5 }),
    "RangeError",
    "Expected a whole number of at least 1 for every of r2 but received 1.5",
  ],
  [
    "an interval of 0",
    () => penalties.r1({ every: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for every of r1 but received 0",
  ],
  [
    "the paper's letter",
    () => penalties.r1(bad({ gamma: 10 })),
    "TypeError",
    'Expected only the options weight, every for options of r1 but received "gamma"',
  ],
  [
    "a weightless classifier",
    () => auxiliaries.acgan({ weight: 0 }),
    "RangeError",
    "Expected a finite number above 0 for weight of acgan but received 0",
  ],
  [
    "a negative weight",
    () => auxiliaries.infogan({ continuous: -0.1 }),
    "RangeError",
    "Expected a finite number of at least 0 for continuous of infogan but received -0.1",
  ],
  [
    "no information at all",
    () => auxiliaries.infogan({ categorical: 0, continuous: 0 }),
    "RangeError",
    "Expected a weight above 0 for categorical or continuous of infogan but received 0",
  ],
]);
