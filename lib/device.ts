import { addon, crossing, direct } from "./addon.js";
import * as check from "./check.js";
import { refused, wrongType } from "./errors.js";

/** `cpu`, `cuda` (the first GPU) or `cuda:i`. */
export type Device = "cpu" | "cuda" | `cuda:${number}`;

/** What this machine and this libtorch can compute on. */
export interface Devices {
  /** Number of CUDA devices that can be used. */
  readonly cuda: number;
  /** Why CUDA cannot be used; null if it can. */
  readonly cudaOff: string | null;
}

/** Looks for GPUs. */
export function devices(): Devices {
  return addon().devices();
}

export function isDevice(device: unknown): device is Device {
  return typeof device === "string" && /^(cpu|cuda(:\d{1,3})?)$/.test(device);
}

/** The kind of a device, without the number of a GPU, which is another on each rank. */
export function kindOf(device: Device): "cpu" | "cuda" {
  return device === "cpu" ? "cpu" : "cuda";
}

/**
 * A device name, checked against this machine. Throws ERR_DEVICE with the reason if it has none
 * such.
 */
export function resolveDevice(device: unknown = "cpu", name = "device"): Device {
  if (!isDevice(device)) throw wrongType('"cpu", "cuda" or "cuda:i"', name, device);
  if (device === "cpu") return device;
  const { cuda, cudaOff } = direct(() => devices());
  const index = Number(device.split(":")[1] ?? 0);
  if (cudaOff !== null)
    throw refused("ERR_DEVICE", "a usable device", name, `"${device}": ${cudaOff}`);
  if (index >= cuda)
    throw refused("ERR_DEVICE", `one of ${cuda} CUDA devices`, name, `"${device}"`);
  return `cuda:${index}`;
}

/** Native memory on the CPU, of the whole process: all trainers, networks, datasets and workers. */
export interface MemoryStats {
  /** Tensors that are alive; those that share their memory count once. */
  readonly tensors: number;
  /** Bytes that they take. */
  readonly bytes: number;
  /** Bytes kept for the next tensors; given back after half a second without work. */
  readonly spareBytes: number;
}

/** Counts the native memory that is in use: what grows is what leaks. */
export function memoryStats(): MemoryStats {
  return direct(() => addon().memoryStats());
}

/** Number of CPU threads that the engine computes with. Equal numbers give equal bits. */
export function threads(): Promise<number> {
  return crossing(() => addon().threads());
}

/**
 * Sets the number of CPU threads.
 *
 * @param count 1 to the processors that this process may use, as os.availableParallelism() counts
 * them
 * @throws TypeError, RangeError
 */
export async function setThreads(count: number): Promise<void> {
  check.threads(count, "threads");
  await crossing(() => addon().setThreads(count));
}
