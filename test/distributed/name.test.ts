// MASTER_ADDR by a name: one may have no address yet, as a pod's, or never get one.
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { freePort, rankEnvironment } from "../helpers/ranks.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const child = fileURLToPath(new URL("child.mjs", import.meta.url));
// Where that is not allowed there is nothing to try it with.
const mayMount = spawnSync("unshare", ["-rm", "true"]).status === 0;
// To a neighbour that is not there.
const cable = [
  "ip link add near type veth peer name far",
  "ip address add 10.9.9.1/24 dev near",
  "ip link set near up && ip link set far up",
  "ip neigh add 10.9.9.53 lladdr 02:00:00:00:00:01 dev near",
];
const mayLink = spawnSync("unshare", ["-rmn", "sh", "-c", cable.join(" && ")]).status === 0;

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (name: string) => join(folder.path, name);
beforeAll(async () => {
  folder = await makeFolder();
  await writeFile(at("nsswitch.conf"), "hosts: files\n");
  await writeFile(at("resolv.conf"), "nameserver 10.9.9.53\noptions timeout:30\n");
});
afterAll(() => folder.remove());

/** A rank of two, in namespaces of its own where `script` was run, which may mount files there. */
function joinAfter(script: readonly string[], flags: string, env: NodeJS.ProcessEnv, timeout = 2) {
  const line = [...script, `exec "$0" "$@"`].join(" && ");
  const given = [child, "join", JSON.stringify({ timeout })];
  return start("unshare", [flags, "sh", "-c", line, process.execPath, ...given], root, env);
}

const mount = (file: string) => `mount --bind ${at(file)} /etc/${file}`;

/** A rank on a machine that knows the names of the folder's own file alone. */
async function joinBy(name: string, rank: number, port: number, timeout?: number) {
  await writeFile(at("hosts"), await readFile("/etc/hosts"));
  const env = { ...rankEnvironment(rank, 2, port), MASTER_ADDR: name };
  return joinAfter(["hosts", "nsswitch.conf"].map(mount), "-rm", env, timeout);
}

describe.skipIf(!mayMount)("a rank whose MASTER_ADDR is a name without an address", () => {
  it.each([0, 1])("says so after the timeout: rank %i", async (rank) => {
    const { ended } = await joinBy("later", rank, await freePort());
    expect(await ended).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'ERR_RANK: Expected a host whose name resolves for MASTER_ADDR but received "later" (Name or service not known, for 2 s)\n',
    });
  });

  it.skipIf(!mayLink)("says so where the name server does not answer", async () => {
    const script = [...cable, mount("resolv.conf")];
    const env = { ...rankEnvironment(1, 2, await freePort()), MASTER_ADDR: "later" };
    expect(await joinAfter(script, "-rmn", env).ended).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'ERR_RANK: Expected a host whose name resolves for MASTER_ADDR but received "later" (no answer from a name server, for 2 s)\n',
    });
  });

  it("joins the others once it has one", async () => {
    const port = await freePort();
    const ranks = [await joinBy("localhost", 0, port, 60), await joinBy("later", 1, port, 60)];
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await writeFile(at("hosts"), "127.0.0.1 localhost later\n");
    for (const { ended } of ranks) expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});
