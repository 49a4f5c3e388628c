import { type Device, devices, resolveDevice } from "../device.js";
import { SparringError, show } from "../errors.js";
import type { Team } from "./team.js";

/**
 * `auto` is the first GPU where there is one. Ranks train on the CPU. Throws ERR_DEVICE.
 *
 * @param name what the user calls it
 */
export function chooseDevice(device: Device | "auto", name: string, team?: Team): Device {
  if (team?.group === undefined)
    return device === "auto" ? anyDevice() : resolveDevice(device, name);
  if (device === "auto" || device === "cpu") return "cpu";
  throw new SparringError(
    "ERR_DEVICE",
    `Expected "cpu", where ranks sum gradients over Gloo, for ${name} but received ${show(device)}`,
  );
}

function anyDevice(): Device {
  return devices().cuda > 0 ? "cuda" : "cpu";
}
