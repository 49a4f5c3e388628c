// The group of ranks, as a stranger joins it.
import { bad, refuses, type Row } from "../helpers/misuse.js";
import { distributed } from "../../lib/index.js";

const place = { rank: 0, worldSize: 2, masterAddress: "127.0.0.1", masterPort: 29500 };

refuses("distributed.join", [
  [
    "nothing that says where",
    () => distributed.join(),
    "TypeError",
    "Expected a whole number from 1 to 65536 for WORLD_SIZE but received undefined",
  ],
  [
    "a rank beyond the last",
    () => distributed.join({ ...place, rank: 2 }),
    "RangeError",
    "Expected a whole number from 0 to 1 for rank but received 2",
  ],
  [
    "a world of nobody",
    () => distributed.join({ ...place, worldSize: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 65536 for worldSize but received 0",
  ],
  [
    "no place to meet",
    () => distributed.join({ rank: 0, worldSize: 2, masterPort: 29500 }),
    "TypeError",
    "Expected a host's name or address for MASTER_ADDR but received undefined",
  ],
  [
    "an empty name of a host",
    () => distributed.join({ ...place, masterAddress: "" }),
    "RangeError",
    'Expected a host\'s name or address for masterAddress but received ""',
  ],
  ...["http://node0", "node0:29500", "node 0", "[::1]", "10.0.0.1/24"].map(
    (masterAddress): Row => [
      `a host's name with more beside it: ${masterAddress}`,
      () => distributed.join({ ...place, masterAddress }),
      "RangeError",
      `Expected a host's name or address for masterAddress but received "${masterAddress}"`,
    ],
  ),
  [
    "a port that is text",
    () => distributed.join({ ...place, masterPort: bad("29500") }),
    "TypeError",
    'Expected a whole number from 1 to 65535 for masterPort but received "29500"',
  ],
  [
    "a local rank beyond the world",
    () => distributed.join({ ...place, localRank: 2 }),
    "RangeError",
    "Expected a whole number from 0 to 1 for localRank but received 2",
  ],
  [
    "a timeout of none",
    () => distributed.join({ ...place, timeout: 0 }),
    "RangeError",
    "Expected a number in [1, 86400] for timeout but received 0",
  ],
  [
    "an option of init_process_group",
    () => distributed.join(bad({ ...place, backend: "nccl" })),
    "TypeError",
    'Expected only the options rank, worldSize, localRank, masterAddress, masterPort, timeout for options but received "backend"',
  ],
]);
