// What scripts and other tools call the options of a run: a list of forty names is no answer to
// somebody who wrote batch_size.
import { finder } from "../meant.js";

/** Part of an option, such as betas, leads to the whole. */
const others = {
  ada: ["adainterval", "adakimg", "adatarget", "augmentp", "augpipe"],
  batch: ["batchsize", "bs"],
  checkpointEvery: ["checkpointinterval", "savefreq", "saveinterval"],
  data: ["datadir", "datapath", "dataroot", "dataset"],
  device: ["cuda", "gpu"],
  diffAugment: ["aug", "augment", "diffaug"],
  discriminatorSteps: ["citers", "criticiters", "diters", "dsteps", "ncritic", "ndis"],
  epochs: ["nepoch", "nepochs", "niter", "numepochs"],
  generatorSteps: ["gsteps"],
  horizontalFlip: ["hflip", "mirror"],
  logEvery: ["loginterval"],
  lr: ["learningrate"],
  objective: [
    "criterion",
    "gpweight",
    "lambdagp",
    "lambdak",
    "lambdapt",
    "loss",
    "margin",
    "r1gamma",
  ],
  optimizer: ["b1", "b2", "beta1", "beta2", "betas", "dlr", "glr", "lrd", "lrg", "optim"],
  out: ["outdir", "outf", "output", "outputdir"],
  precision: ["amp", "bf16", "fp16"],
  sampleEvery: ["sampleinterval"],
  seed: ["manualseed", "randomseed"],
  size: [
    "imageheight",
    "imagesize",
    "imagewidth",
    "imgheight",
    "imgsize",
    "imgwidth",
    "resolution",
  ],
  steps: ["iterations", "maxsteps", "numsteps", "totalsteps"],
};

/**
 * The option that is meant, as it is written in `known`: `discriminatorSteps`, `--batch`. Undefined
 * where it is none of them.
 */
export const optionMeant = finder(others);

/** How a command is carried out, which is no part of a run: only the command line says it. */
export const flagsAlone = [
  "--dashboard",
  "--dry-run",
  "--json",
  "--restartable",
  "--resume",
  "--timeout",
] as const;

const find = finder({});

/** The flag that is meant where somebody wrote it as an option: `dryRun`; undefined where none is. */
export const flagMeant = (name: string): string | undefined => find(name, flagsAlone);
