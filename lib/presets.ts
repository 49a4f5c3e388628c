// Presets as data: everything that `sparring train` needs to know of a kind of GAN. A new one costs
// its file and a row here.
import { acgan } from "./presets/acgan.js";
import { article } from "./presets/article.js";
import { cgan } from "./presets/cgan.js";
import { dcgan } from "./presets/dcgan.js";
import { dragan } from "./presets/dragan.js";
import { ebgan } from "./presets/ebgan.js";
import { gan } from "./presets/gan.js";
import { infogan } from "./presets/infogan.js";
import { goodfellow2014 } from "./presets/goodfellow2014.js";
import type { Preset } from "./presets/kind.js";
import { lsgan } from "./presets/lsgan.js";
import { mlp } from "./presets/mlp.js";
import { r3gan } from "./presets/r3gan.js";
import { ralsgan } from "./presets/ralsgan.js";
import { sagan } from "./presets/sagan.js";
import { snganHinge } from "./presets/sngan-hinge.js";
import { stylegan2 } from "./presets/stylegan2.js";
import { wgan } from "./presets/wgan.js";
import { wganGp } from "./presets/wgan-gp.js";

export type { Preset, PresetImage } from "./presets/kind.js";

/** Every preset there is, the oldest GANs first. */
export const presets = {
  article,
  goodfellow2014,
  mlp,
  gan,
  cgan,
  dcgan,
  infogan,
  acgan,
  lsgan,
  ebgan,
  wgan,
  "wgan-gp": wganGp,
  dragan,
  "sngan-hinge": snganHinge,
  ralsgan,
  sagan,
  stylegan2,
  r3gan,
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as PresetName[];

export const defaultPreset: PresetName = "article";
