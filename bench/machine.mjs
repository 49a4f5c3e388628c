// What the figures were measured on, and whether it had time for us.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

/** @returns {object} what a reader needs to judge, or repeat, a measurement */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    vectors: vectorSets(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    load: loadavg()[0],
  };
}

/** A sentence if the machine is busy with other work; null if it is not. */
export function busyNote() {
  const load = loadavg()[0];
  if (load < 0.5) return null;
  return `the load of this machine is ${load.toFixed(1)} before anything begins: expect ratios that are off`;
}

/** The sets of vector instructions that decide which kernels run. */
function vectorSets() {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1].split(" ");
    return ["avx2", "avx512f", "avx512_bf16", "amx_tile"].filter((name) => flags?.includes(name));
  } catch {
    return [];
  }
}
