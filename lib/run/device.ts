import { addon, direct } from "../addon.js";
import { type Device, devices, resolveDevice } from "../device.js";
import { refused, show } from "../errors.js";
import type { Team } from "./team.js";

/**
 * Chooses where to train: `auto` is the first GPU where there is one, and each of several ranks has
 * the GPU of its LOCAL_RANK. Throws ERR_DEVICE.
 *
 * @param name what the user calls it
 */
export function chooseDevice(device: Device | "auto", name: string, team?: Team): Device {
  if (team?.group === undefined)
    return device === "auto" ? anyDevice() : resolveDevice(device, name);
  if (device === "cpu") return device;
  const { localRank } = team.group;
  const own: Device = `cuda:${localRank}`;
  if (device === "auto") {
    const canTrain = devices().cuda > localRank && direct(() => addon().gpuRanksOff()) === null;
    return canTrain ? own : "cpu";
  }
  if (device === "cuda" || device === own) return resolveDevice(own, name);
  const what = `"cpu" or "cuda", of which this rank has the one of its LOCAL_RANK ${localRank},`;
  throw refused("ERR_DEVICE", what, name, show(device));
}

function anyDevice(): Device {
  return devices().cuda > 0 ? "cuda" : "cpu";
}
