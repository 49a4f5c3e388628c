import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { largestSide } from "../data/size.js";
import { type Device, resolveDevice } from "../device.js";
import { traced, wrongType } from "../errors.js";
import { withFile } from "../files.js";
import { refusal } from "../reason.js";
import { checkFloatRange, type PixelRange } from "../pixel-range.js";
import type { NativeFeatureInput } from "./native.js";
import { FeatureNetwork } from "./network.js";

/** What the network in the file takes. */
export interface TorchScriptOptions {
  /**
   * Side in pixels that images are resized to, 1 to 4,096. A network that does not take images of
   * 32, which it is tried with otherwise, needs it; so does one that makes more features of more
   * pixels.
   * @default their own
   */
  readonly size?: number | undefined;
  /** 3, or 1 for grey images alone. @default 3 */
  readonly channels?: 1 | 3 | undefined;
  /** What black and white are to it. @default [-1, 1] */
  readonly range?: PixelRange | undefined;
  /** It takes uint8, 0 to 255, and not float32. @default false */
  readonly bytes?: boolean | undefined;
  /** The device it runs on. @default "cpu" */
  readonly device?: Device | undefined;
}

/**
 * Loads a feature network of your own: TorchScript, as torch.jit.save writes it. It takes [N,
 * channels, size, size] and answers with features of [N, width], or [N, width, 1, 1], alone or
 * first of several. Results call it by its file name and the start of the SHA-256 of the file. A
 * TorchScript file is a program: load only those that you trust.
 *
 * @throws ERR_DATA for a file that cannot be loaded, and for a network that does not take such
 * images, or answers with anything else: it is tried at once
 */
export async function torchScript(
  path: check.Path,
  options: TorchScriptOptions = {},
): Promise<FeatureNetwork> {
  const place = check.path(path, "path");
  const known = ["size", "channels", "range", "bytes", "device"] as const;
  const { size, channels = 3, range, bytes, device } = check.options(options, "options", known);
  const side = size === undefined ? 0 : check.integer(size, "size", 1, largestSide);
  if (channels !== 1 && channels !== 3) throw wrongType("1 or 3", "channels", channels);
  const isBytes = check.boolean(bytes ?? false, "bytes");
  if (isBytes && range !== undefined) throw wrongType("range or bytes", "options", "both");
  const [black, white] = range === undefined ? [-1, 1] : checkFloatRange(range, "range");
  const on = resolveDevice(device);
  return traced(() =>
    loadTorchScript(place, "path", on, {
      channels,
      size: side,
      black,
      white,
      bytes: isBytes,
      eachChannel: false,
    }),
  );
}

const usualInput: NativeFeatureInput = {
  channels: 3,
  size: 0,
  black: -1,
  white: 1,
  bytes: false,
  eachChannel: false,
};

/**
 * @internal What a network takes that will see images of one shape alone. It is tried with such
 * images, as it may take no others.
 */
export function inputOf([, height, width]: readonly number[]): NativeFeatureInput {
  return height === undefined || height !== width ? usualInput : { ...usualInput, size: height };
}

/** @internal Loads what torchScript() has checked. @param name what the user calls the path */
export async function loadTorchScript(
  path: string,
  name: string,
  device: Device,
  input: NativeFeatureInput,
): Promise<FeatureNetwork> {
  const digest = await digestOf(path, name);
  const native = await crossing(() =>
    addon().metrics.torchScript(resolve(path), name, input, device),
  );
  return new FeatureNetwork(`${basename(path)}@${digest.slice(0, 12)}`, input, native);
}

async function digestOf(path: string, name: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await withFile(path, (file) => pipeline(file.createReadStream({ autoClose: false }), hash));
  } catch (cause) {
    throw refusal("ERR_DATA", "a file that can be read", path, name).unreadable(cause);
  }
  return hash.digest("hex");
}
