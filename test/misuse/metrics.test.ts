// Metrics.
import { bad, emptied, refuses } from "../helpers/misuse.js";
import { metrics } from "../../lib/index.js";

const { Features, FeatureNetwork, fid, statistics, kid, precisionRecall, densityCoverage } =
  metrics;
const { inceptionScore, classBalance, modeCoverage, torchScript } = metrics;
const none = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
const few = new Features(new Float32Array(12), [3, 4]);
const answered = new Features(new Float32Array(40), [10, 4], { logits: new Float32Array(20) });
const enough = new Features(new Float32Array(40), [10, 4]);

refuses("metrics", [
  [
    "features as a list",
    () => new Features(bad([1, 2]), [1, 2]),
    "TypeError",
    "Expected a Float32Array or Float64Array for data but received [1, 2]",
  ],
  [
    "features that are no numbers",
    () => new Features(Float32Array.of(1, 2, Number.NaN), [3, 1]),
    "RangeError",
    "Expected a finite float32 for data[2] but received NaN",
  ],
  [
    "features without end",
    () => new Features(Float64Array.of(1, Number.NEGATIVE_INFINITY), [2, 1]),
    "RangeError",
    "Expected a finite float32 for data[1] but received -Infinity",
  ],
  [
    "features whose squares are beyond float64",
    () => new Features(Float64Array.of(1e200, 1), [2, 1]),
    "RangeError",
    "Expected a finite float32 for data[0] but received 1e+200",
  ],
  [
    "logits of a sample that is of no class",
    () => new Features(new Float32Array(2), [2, 1], { logits: Float32Array.of(0, 1, ...none) }),
    "RangeError",
    "Expected at least one finite number for row 1 of logits but received -Infinity",
  ],
  [
    "logits that are no numbers",
    () =>
      new Features(new Float32Array(2), [2, 1], { logits: Float32Array.of(0, 1, Number.NaN, 1) }),
    "RangeError",
    "Expected a number below ∞ for logits[2] but received NaN",
  ],
  [
    "features of another shape",
    () => new Features(new Float32Array(12), [3, 5]),
    "RangeError",
    "Expected 12 values for shape but received [3, 5]",
  ],
  [
    "features that are images",
    () => new Features(new Float32Array(12), [3, 1, 2, 2]),
    "TypeError",
    "Expected an array of 2 whole numbers for shape but received [3, 1, 2, 2]",
  ],
  [
    "fid of arrays",
    () => fid(bad(new Float32Array(4)), enough),
    "TypeError",
    "Expected Features or Statistics for real but received Float32Array(16 bytes)",
  ],
  [
    "statistics of nothing",
    () => new (bad(metrics.Statistics) as new () => unknown)(),
    "TypeError",
    "Expected what statistics() makes for new Statistics() but received undefined",
  ],
  [
    "a covariance of few samples",
    () => statistics(few),
    "RangeError",
    'Expected more samples than the 4 features of each, for a covariance, for features but received "3 samples"',
  ],
  [
    "a covariance of as many samples as features, which is singular",
    () => statistics(new Features(new Float32Array(16), [4, 4])),
    "RangeError",
    'Expected more samples than the 4 features of each, for a covariance, for features but received "4 samples"',
  ],
  [
    "fid of few samples",
    () => fid(few, enough),
    "RangeError",
    'Expected more samples than the 4 features of each, for a covariance, for real but received "3 samples"',
  ],
  [
    "features of two networks",
    () => fid(enough, new Features(new Float32Array(40), [10, 4], { network: "inception" })),
    "RangeError",
    'Expected features of given, as real has, for generated but received "features of inception"',
  ],
  [
    "features of two widths",
    () => fid(enough, new Features(new Float32Array(40), [20, 2])),
    "RangeError",
    'Expected features of width 4, as real has, for generated but received "a width of 2"',
  ],
  [
    "features of a network without a name",
    () => new Features(new Float32Array(4), [2, 2], { network: "" }),
    "TypeError",
    'Expected a non-empty string for network but received ""',
  ],
  [
    "logits of one class, of which everything is",
    () => new Features(new Float32Array(4), [2, 2], { logits: new Float32Array(2) }),
    "RangeError",
    "Expected at least 2 logits for each of 2 samples for logits but received Float32Array(8 bytes)",
  ],
  [
    "logits for other samples",
    () => new Features(new Float32Array(4), [2, 2], { logits: new Float32Array(5) }),
    "RangeError",
    "Expected at least 2 logits for each of 2 samples for logits but received Float32Array(20 bytes)",
  ],
  [
    "kid of a subset that is larger than a set",
    () => kid(enough, enough, { subsetSize: 11 }),
    "RangeError",
    'Expected at least the 11 samples of a subset for real but received "10 samples"',
  ],
  [
    "kid of features whose numbers were given away",
    () => kid(emptied(new Features(new Float32Array(40), [10, 4])), enough),
    "TypeError",
    "Expected an array whose memory was not transferred away for data of real but received Float32Array(0 bytes)",
  ],
  [
    "fid of features whose numbers were given away",
    () => fid(enough, emptied(new Features(new Float64Array(40), [10, 4]))),
    "TypeError",
    "Expected an array whose memory was not transferred away for data of generated but received Float64Array(0 bytes)",
  ],
  [
    "neighbours of features whose numbers were given away",
    () => precisionRecall(enough, emptied(new Features(new Float32Array(40), [10, 4]))),
    "TypeError",
    "Expected an array whose memory was not transferred away for data of generated but received Float32Array(0 bytes)",
  ],
  [
    "kid of one sample",
    () => kid(enough, new Features(new Float32Array(4), [1, 4])),
    "RangeError",
    "Expected at least 2 samples, to compare with each other, for generated but received 1",
  ],
  [
    "kid of subsets of one",
    () => kid(enough, enough, { subsetSize: 1 }),
    "RangeError",
    "Expected a whole number of at least 2 for subsetSize but received 1",
  ],
  [
    "kid with an option that there is not",
    () => kid(enough, enough, bad({ subset: 3 })),
    "TypeError",
    'Expected the option subsets for options but received "subset"',
  ],
  [
    "neighbours that are all there are",
    () => precisionRecall(few, enough),
    "RangeError",
    'Expected more samples than the 3 neighbours of each for real but received "3 samples"',
  ],
  [
    "no neighbours",
    () => densityCoverage(enough, enough, { neighbours: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for neighbours but received 0",
  ],
  [
    "a score of features without answers",
    () => inceptionScore(enough),
    "RangeError",
    'Expected features of a network that classifies for generated but received "features without logits"',
  ],
  [
    "more splits than samples",
    () => inceptionScore(answered, { splits: 11 }),
    "RangeError",
    'Expected at least a sample for each of 11 splits for generated but received "10 samples"',
  ],
  [
    "a balance of other classes",
    () =>
      classBalance(
        answered,
        new Features(new Float32Array(40), [10, 4], { logits: new Float32Array(30) }),
      ),
    "RangeError",
    'Expected features of given, with 2 classes, for generated but received "features of given, with 3"',
  ],
  [
    "a network of a file that is not there",
    () => torchScript("inception.pt"),
    "ERR_DATA",
    'Expected a file that can be read for path but received "inception.pt" (no such file or folder)',
  ],
  [
    "a network with two channels",
    () => torchScript("inception.pt", { channels: bad(2) }),
    "TypeError",
    "Expected 1 or 3 for channels but received 2",
  ],
  [
    "a network of bytes with a range",
    () => torchScript("inception.pt", { bytes: true, range: [0, 1] }),
    "TypeError",
    'Expected range or bytes for options but received "both"',
  ],
  [
    "a range from white to black",
    () => torchScript("inception.pt", { range: [1, -1] }),
    "TypeError",
    "Expected [black, white] with black below white for range but received [1, -1]",
  ],
  [
    "a range wider than float32",
    () => torchScript("inception.pt", { range: [0, 1e39] }),
    "RangeError",
    "Expected [black, white] whose values and width a float32 can hold for range but received [0, 1e+39]",
  ],
  [
    "a feature network by new",
    () => new FeatureNetwork(bad("mine"), bad(undefined), bad(undefined)),
    "TypeError",
    'Expected what classifier() and torchScript() make for new FeatureNetwork() but received "mine"',
  ],
  [
    "modes of a network that knows ten classes",
    () => modeCoverage(answered, answered),
    "RangeError",
    'Expected features of classifier({ eachChannel: true }) for real but received "features of given with 1 × 2 classes"',
  ],
]);
