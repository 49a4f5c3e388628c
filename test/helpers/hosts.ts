// Two hosts on one machine: network namespaces with an address each and a cable between them. They need no rights but
// that to make namespaces of one's own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Started, start } from "./cli.js";

export interface Host {
  /** What the other one reaches it by. */
  readonly address: string;
  /** Its end of the cable. */
  readonly interface: string;
  /** Starts a program there, as start() does here. */
  start(program: string, args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Started;
}

export interface TwoHosts {
  readonly hosts: readonly [Host, Host];
  /** Both are gone then, with everything that still runs on them cut off. */
  remove(): Promise<void>;
}

/** Tells the processes that keep the two namespaces, and keeps them until its input ends. */
const keeper = `
ip link set lo up
ip link add veth0 type veth peer name veth1
unshare --net sleep infinity &
second=$!
trap 'kill $second' EXIT
# It has a namespace of its own in a moment: until then the cable stays in this one.
while ip link show veth1 > /dev/null 2>&1; do ip link set veth1 netns $second; sleep 0.1; done
at() {
  nsenter --target $1 --net sh -euc "ip link set lo up; ip address add $3 dev $2; ip link set $2 up"
}
at $$ veth0 10.77.0.1/24
at $second veth1 10.77.0.2/24
echo $$ $second
cat
`;

/** Two hosts that nobody else is on; what is missing for them, where this machine does not allow it. */
export async function makeHosts(): Promise<TwoHosts | string> {
  const flags = ["--user", "--map-root-user", "--net"];
  const child = spawn("unshare", [...flags, "sh", "-euc", keeper]);
  let [told, said] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
    child.on("error", (error) => {
      said += error.message;
      resolve();
    });
  });
  const ready = (async () => {
    child.stdout.setEncoding("utf8");
    while (!told.includes("\n")) told += (await once(child.stdout, "data"))[0];
  })();
  await Promise.race([ready, ended]);
  const pids = told.trim().split(" ");
  if (pids.length < 2) return `no network namespaces here: ${said.trim()}`;
  const host = (i: number): Host => ({
    address: `10.77.0.${i + 1}`,
    interface: `veth${i}`,
    start(program, args, cwd, env) {
      const there = ["--preserve-credentials", "--user", "--net", "--target", pids[i] as string];
      return start("nsenter", [...there, program, ...args], cwd, env);
    },
  });
  return {
    hosts: [host(0), host(1)],
    async remove() {
      child.stdin.end();
      await ended;
    },
  };
}
