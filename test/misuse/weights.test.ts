// Weights, as a stranger saves and loads them.
import { bad, detached, drawsAsBefore, refuses } from "../helpers/misuse.js";
import { tinyGenerator } from "../helpers/training.js";

const generator = tinyGenerator();
const unchanged = drawsAsBefore(generator);

refuses(
  "weights",
  [
    [
      "no path to write to",
      () => generator.saveWeights(bad(undefined)),
      "TypeError",
      "Expected a non-empty string for path but received undefined",
    ],
    [
      "an empty path to write to",
      () => generator.saveWeights(""),
      "TypeError",
      'Expected a non-empty string for path but received ""',
    ],
    [
      "a Buffer to write to",
      () => generator.saveWeights(bad(Buffer.from("g.safetensors"))),
      "TypeError",
      "Expected a non-empty string for path but received Buffer(13 bytes)",
    ],
    [
      "a path with NUL to write to",
      () => generator.saveWeights("g\0.safetensors"),
      "TypeError",
      'Expected a path without NUL for path but received "g\\u0000.safetensors"',
    ],
    [
      "a folder to write to",
      () => generator.saveWeights("/tmp"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "/tmp" (it is a folder)',
    ],
    [
      "the root to write to",
      () => generator.saveWeights("/"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "/" (resource busy or locked)',
    ],
    [
      "a path below a file",
      () => generator.saveWeights("/etc/passwd/g"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "/etc/passwd/g" (a part of the path is not a folder)',
    ],
    [
      "a name that is too long",
      () => generator.saveWeights("g".repeat(300)),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg" (its name is too long)',
    ],
    [
      "no path to read",
      () => generator.loadWeights(bad(null)),
      "TypeError",
      "Expected a path or a Uint8Array for path but received null",
    ],
    [
      "bytes that are none of a file's",
      () => generator.loadWeights(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0)),
      "ERR_WEIGHTS",
      'Expected a safetensors file for path but received "8 bytes": its header would be 9 bytes, more than the file holds',
    ],
    [
      "bytes of another kind",
      () => generator.loadWeights(bad(new ArrayBuffer(8))),
      "TypeError",
      "Expected a path or a Uint8Array for path but received an instance of ArrayBuffer",
    ],
    [
      "bytes that were given away",
      () => generator.loadWeights(detached(new Uint8Array(8))),
      "TypeError",
      "Expected an array whose memory was not transferred away for path but received Uint8Array(0 bytes)",
    ],
    [
      "a path with NUL to read",
      () => generator.loadWeights("g\0"),
      "TypeError",
      'Expected a path without NUL for path but received "g\\u0000"',
    ],
    [
      "a folder to read",
      () => generator.loadWeights("/tmp"),
      "ERR_WEIGHTS",
      'Expected a safetensors file for path but received "/tmp" (it is a folder)',
    ],
    [
      "a device to read",
      () => generator.loadWeights("/dev/zero"),
      "ERR_WEIGHTS",
      'Expected a safetensors file for path but received "/dev/zero" (it is no regular file)',
    ],
  ],
  unchanged,
);
