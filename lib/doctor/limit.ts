// The processors that a container may use: libtorch counts those of the machine.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * The processors' worth of time that this process's control groups leave it: docker's `--cpus`,
 * `limits.cpu` of Kubernetes, `CPUQuota` of systemd. Infinity where nothing limits it.
 *
 * @param root of the file system
 */
export async function cpuLimit(root = "/"): Promise<number> {
  const lines = (await textOf(join(root, "proc/self/cgroup"))).split("\n");
  const limits = lines.map((line) => {
    const [id, controllers = "", ...path] = line.split(":");
    const group = path.join(":");
    if (id === "0") return lowest(join(root, "sys/fs/cgroup"), group, limitOfV2);
    const isCpu = controllers.split(",").includes("cpu");
    return isCpu ? lowest(join(root, "sys/fs/cgroup/cpu"), group, limitOfV1) : Infinity;
  });
  return Math.min(...(await Promise.all(limits)));
}

/**
 * The lowest limit of a group and those above it. Within a container its own group may be the
 * outermost that there is, whatever its path says.
 */
async function lowest(
  mount: string,
  group: string,
  limitOf: (folder: string) => Promise<number>,
): Promise<number> {
  const limit = await limitOf(join(mount, group));
  const parent = dirname(group);
  return parent === group ? limit : Math.min(limit, await lowest(mount, parent, limitOf));
}

async function limitOfV2(folder: string): Promise<number> {
  const [quota, period] = (await textOf(join(folder, "cpu.max"))).split(" ");
  return toLimit(quota, period);
}

async function limitOfV1(folder: string): Promise<number> {
  const read = (name: string) => textOf(join(folder, `cpu.cfs_${name}_us`));
  return toLimit(await read("quota"), await read("period"));
}

/** `max`, -1, and what is not there are no limit. */
function toLimit(quota: string | undefined, period: string | undefined): number {
  const limit = Number(quota) / Number(period);
  return limit > 0 ? limit : Infinity;
}

const textOf = (path: string) => readFile(path, "utf8").catch(() => "");
