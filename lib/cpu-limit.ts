// The processors that a container may use: libtorch counts those of the machine.
import { dirname, join } from "node:path";
import { systemText } from "./system-text.js";

/**
 * The processors' worth of time that this process's control groups leave it: docker's `--cpus`,
 * `limits.cpu` of Kubernetes, `CPUQuota` of systemd. Infinity where nothing limits it.
 *
 * @param root of the file system
 */
export function cpuLimit(root = "/"): number {
  const lines = systemText(join(root, "proc/self/cgroup")).split("\n");
  const limits = lines.map((line) => {
    const [id, controllers = "", ...path] = line.split(":");
    const group = path.join(":");
    if (id === "0") return lowest(join(root, "sys/fs/cgroup"), group, limitOfV2);
    const isCpu = controllers.split(",").includes("cpu");
    return isCpu ? lowest(join(root, "sys/fs/cgroup/cpu"), group, limitOfV1) : Infinity;
  });
  return Math.min(...limits);
}

/** Whole processors that a limit leaves: at least one. */
export function processorsOf(limit: number): number {
  return Math.max(1, Math.floor(limit));
}

/**
 * The lowest limit of a group and those above it. Within a container its own group may be the
 * outermost that there is, whatever its path says.
 */
function lowest(mount: string, group: string, limitOf: (folder: string) => number): number {
  const limit = limitOf(join(mount, group));
  const parent = dirname(group);
  return parent === group ? limit : Math.min(limit, lowest(mount, parent, limitOf));
}

function limitOfV2(folder: string): number {
  const [quota, period] = systemText(join(folder, "cpu.max")).split(" ");
  return toLimit(quota, period);
}

function limitOfV1(folder: string): number {
  const read = (name: string) => systemText(join(folder, `cpu.cfs_${name}_us`));
  return toLimit(read("quota"), read("period"));
}

/** `max`, -1, and what is not there are no limit. */
function toLimit(quota: string | undefined, period: string | undefined): number {
  const limit = Number(quota) / Number(period);
  return limit > 0 ? limit : Infinity;
}
