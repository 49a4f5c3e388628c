// What scripts, papers and other tools call the options that there are: a list of forty names is no
// answer to somebody who wrote batch_size.
import { finder } from "./meant.js";

/** Part of an option, such as betas of a run's, leads to the whole. */
const others = {
  accumulate: ["accumulategradbatches", "accumulationsteps", "gradientaccumulationsteps"],
  ada: ["adainterval", "adakimg", "adatarget", "augmentp", "augpipe"],
  alpha: ["rho"],
  batch: ["batchsize", "bs"],
  batchSize: ["batch", "bs"],
  betas: ["b1", "b2", "beta1", "beta2"],
  checkpointEvery: ["checkpointinterval", "savefreq", "saveinterval"],
  classes: ["class", "nclass", "nclasses", "numclasses"],
  clipGradNorm: ["clipnorm", "gradclip", "gradientclipval", "maxgradnorm", "maxnorm"],
  clipGradValue: ["clipvalue"],
  codes: ["codedim"],
  columns: ["cols", "ncols", "nrow"],
  data: ["datadir", "datapath", "dataroot", "dataset"],
  device: ["cuda", "gpu"],
  diffAugment: ["aug", "augment", "diffaug"],
  discriminator: ["ndf"],
  discriminatorSteps: ["citers", "criticiters", "diters", "dsteps", "ncritic", "ndis"],
  ema: ["emabeta", "emadecay", "emakimg", "emarampup", "emaweight"],
  epochs: ["nepoch", "nepochs", "niter", "numepochs"],
  eps: ["epsilon"],
  generator: ["latent", "latentdim", "latentsize", "ngf", "nz", "zdim"],
  generatorSteps: ["gsteps"],
  holdOut: ["heldout", "testsize", "testsplit", "valfraction", "validationsplit", "valsplit"],
  horizontalFlip: ["hflip", "mirror"],
  kernelSize: ["kernel", "ksize"],
  labels: ["label", "targets"],
  lambda: ["lambdak"],
  latent: ["latentdim", "latentsize", "noise", "noisedim", "nz", "zdim"],
  logEvery: ["loginterval"],
  lr: ["learningrate"],
  noise: ["latentdim", "latentsize", "noisedim", "nz", "zdim"],
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
  optimizer: [
    "b1",
    "b2",
    "beta1",
    "beta2",
    "betas",
    "dlr",
    "glr",
    "learningrate",
    "lr",
    "lrd",
    "lrg",
    "optim",
    "optimizers",
  ],
  out: ["outdir", "outf", "output", "outputdir"],
  outChannels: ["filters"],
  outFeatures: ["units"],
  precision: ["amp", "bf16", "fp16"],
  range: ["valuerange"],
  sampleEvery: ["sampleinterval"],
  schedule: ["lrschedule", "lrscheduler", "scheduler"],
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
  tickEvery: ["logevery", "loginterval"],
  weight: ["gpweight", "lambdagp"],
  weightDecay: ["wd"],
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
