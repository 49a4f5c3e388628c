// `sparring evaluate`: a run in, numbers of how good its samples are out.
import type { Command } from "commander";
import { sizeText } from "../data/size.js";
import { usualCount } from "../metrics/network.js";
import { type Evaluated, evaluateRun } from "../run/evaluate.js";
import { type AskedMetric, toWord } from "../run/evaluation.js";
import { defaultFeatures } from "../run/features.js";
import { createRunCommand } from "./command.js";
import { flag, numberFlag, truncationFlag, truncationPsiFlag, weightsFlags } from "./options.js";
import { counted, grouped } from "../count.js";
import { generatorText } from "./text.js";

const examples = `
Metrics:
  fid                Fréchet distance of the features; smaller is better
  kid                kernel distance, without bias; smaller is better
  precision-recall   share of good samples, share of the data that is covered
  density-coverage   the same, less moved by outliers
  inception-score    confident and varied answers; needs a classifier
  class-balance      how far the classes' shares are from the data's;
                     needs a classifier
  mode-coverage      of stacked-mnist: how many combinations of digits appear
  parzen             log-likelihood of MNIST's or CIFAR-10's test images under
                     a Parzen window of the samples, as in the paper of 2014;
                     only if it is named

Features are those of the classifier of MNIST's digits that comes with the
package, or of a TorchScript file of your own that takes images of -1 to 1.
Numbers of different networks, sample counts or truncations cannot be compared.

Examples:
  sparring evaluate runs/dcgan
  sparring evaluate runs/dcgan --metrics fid,kid --samples 50000
  sparring evaluate runs/faces --features inception.pt --json > numbers.json
  sparring evaluate runs/dcgan --step 2000           a checkpoint's
  sparring evaluate runs/gan --metrics parzen

Exit codes: 0 done, 1 failed, 2 bad input.`;

const options = [
  flag(
    "--metrics <names>",
    "some of those below, with commas between them",
    "all that the features allow",
  ),
  numberFlag(
    "--samples <n>",
    "samples to draw, and real images to take, if there are so many",
    usualCount,
  ),
  numberFlag("--seed <n>", "the same seed gives the same numbers", 0),
  truncationFlag(),
  truncationPsiFlag(),
  flag("--features <network>", "classifier, or a TorchScript file", defaultFeatures),
  flag("--data <source>", "the real images", "those of the run"),
  flag("--split <name>", "train, held (--hold-out) or test", "held, if the run has any, or train"),
  flag("--device <device>", "auto (a GPU if there is one), cpu, cuda, cuda:i", "auto"),
  ...weightsFlags(),
  flag("--json", "print what was measured, and how, as one JSON object"),
];

export function evaluateCommand(onExit: (code: number) => void): Command {
  const description = "Measure how good the samples of a run are.";
  const text = { name: "evaluate", description, options, examples };
  return createRunCommand({ ...text, work: evaluateRun, toText: describe }, onExit);
}

function describe(evaluated: Evaluated): string {
  const { samples, reals, size, network, data, split } = evaluated;
  const rows = rowsOf(evaluated).map(([name, text]) => `  ${name.padEnd(18)}${text}`);
  const kind = kinds[split];
  const against = reals === null ? kind : `${grouped(reals)} ${kind}`;
  return [
    `The ${generatorText(evaluated)}`,
    `  ${counted(samples, "sample")} against ${against} of ${data}, ${sizeText(size)}`,
    `  ${network === null ? "" : `features of ${network}, `}${drawnText(evaluated)}`,
    ...rows,
  ].join("\n");
}

/** What the real images are called. */
const kinds = { train: "images", held: "held-out images", test: "test images" } as const;

/** `seed 0`, `seed 0, truncation 0.7`, `seed 0, truncation psi 0.7` */
function drawnText({ seed, truncation, truncationPsi }: Evaluated): string {
  return [
    `seed ${seed}`,
    ...(truncation === null ? [] : [`truncation ${truncation}`]),
    ...(truncationPsi === null ? [] : [`truncation psi ${truncationPsi}`]),
  ].join(", ");
}

/** What each metric says, by its name. */
function rowsOf({ scores }: Evaluated): [name: string, text: string][] {
  const { fid, kid, precisionRecall, densityCoverage, parzen } = scores;
  const { inceptionScore, classBalance, modeCoverage } = scores;
  const short = (value: number) => value.toPrecision(5);
  const texts: Record<AskedMetric, string | undefined> = {
    fid: fid && short(fid.value),
    kid: kid && `${short(kid.value)} ± ${short(kid.standardDeviation)}`,
    precisionRecall:
      precisionRecall && `${short(precisionRecall.precision)}, ${short(precisionRecall.recall)}`,
    densityCoverage:
      densityCoverage && `${short(densityCoverage.density)}, ${short(densityCoverage.coverage)}`,
    inceptionScore:
      inceptionScore &&
      `${short(inceptionScore.value)} ± ${short(inceptionScore.standardDeviation)}`,
    classBalance: classBalance && short(classBalance.value),
    modeCoverage:
      modeCoverage &&
      `${modeCoverage.value} of ${modeCoverage.modes}, divergence ${short(modeCoverage.divergence)}`,
    parzen:
      parzen &&
      `${parzen.logLikelihood.toFixed(1)} ± ${parzen.standardError.toFixed(1)} nats (sigma ${short(parzen.sigma)}, ${grouped(parzen.test)} test images)`,
  };
  return Object.entries(texts).flatMap(([name, text]) =>
    text === undefined ? [] : [[toWord(name as AskedMetric), text]],
  );
}
