// What memory a device has left, and how much of it is told.
import { addon, direct } from "./addon.js";
import type { Device } from "./device.js";

/** Bytes that are free on a device, and whose they are. */
export function freeMemory(device: Device): { readonly free: number; readonly where: string } {
  return {
    free: direct(() => addon().availableMemory(device)),
    where: device === "cpu" ? "host" : "device",
  };
}

export function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
