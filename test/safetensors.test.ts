// Files that are no sound safetensors, and what is said of each.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSafetensors, writeSafetensors } from "../lib/safetensors.js";
import { withFolder } from "./helpers/networks.js";

/** A safetensors file with the given header text. */
function file(header: string, body = 16, length = Buffer.byteLength(header)): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(body)]);
}

const everyDtype =
  "F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0, C64, I64, I32, I16, I8, U64, U32, U16, U8, BOOL";

const tensor = (fields: object) =>
  file(JSON.stringify({ a: { dtype: "F32", shape: [4], data_offsets: [0, 16], ...fields } }));

describe("safetensors, damaged", () => {
  it.each<[string, Buffer, string]>([
    ["an empty file", Buffer.alloc(0), "it is shorter than 8 bytes"],
    [
      "a header longer than the file",
      file("{}", 0, 2 ** 40),
      "its header would be 1099511627776 bytes, more than the file holds",
    ],
    ...["PK\x03\x04\0\0\x08\x08\0\0", "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"].map(
      (start, i): [string, Buffer, string] => [
        ["a zip of torch.save", "a pickle of torch.save"][i] as string,
        Buffer.from(start, "latin1"),
        'it is a file of torch.save; this line of Python converts one that holds a state dict: safetensors.torch.save_file(torch.load("g.pth", map_location="cpu"), "g.safetensors")',
      ],
    ),
    [
      "a file of ONNX",
      Buffer.from("\x08\x08\x12\x08sparring\x1a\x05", "latin1"),
      "it is a file of ONNX, which is only written; saveWeights() makes one that can be read",
    ],
    ["a header that is no JSON", file("{nonsense"), "its header is not a JSON object"],
    [
      "a header that is no UTF-8",
      Buffer.from(
        file('{"\xff": {}}').toString("latin1").replace("\xc3\xbf", "\xff\xff"),
        "latin1",
      ),
      "its header is not a JSON object",
    ],
    ["a header that is an array", file("[]"), "its header is not a JSON object"],
    [
      "an entry that is no object",
      file('{"a": null}'),
      `a has the dtype undefined, not one of ${everyDtype}`,
    ],
    [
      "a dtype nobody knows",
      tensor({ dtype: "F8" }),
      `a has the dtype F8, not one of ${everyDtype}`,
    ],
    ["a negative shape", tensor({ shape: [-4] }), "a has no sound shape and data_offsets"],
    ["a shape that is no array", tensor({ shape: 4 }), "a has no sound shape and data_offsets"],
    [
      "three offsets",
      tensor({ data_offsets: [0, 8, 16] }),
      "a has no sound shape and data_offsets",
    ],
    ["offsets backwards", tensor({ data_offsets: [16, 0] }), "a lies outside the file"],
    ["offsets past the end", tensor({ data_offsets: [8, 24] }), "a lies outside the file"],
    [
      "bytes that are not the shape's",
      tensor({ shape: [3] }),
      "a has 16 bytes, but its shape [3] of F32 needs 12",
    ],
    [
      "a shape that overflows",
      tensor({ shape: [2 ** 52, 2 ** 52] }),
      "a has 16 bytes, but its shape",
    ],
  ])("is refused: %s", (_, bytes, sentence) => {
    expect(() => parseSafetensors(bytes, "w")).toThrow(
      `Expected a safetensors file for path but received "w": ${sentence}`,
    );
  });

  it("is refused at every length that is cut off", async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "w.safetensors");
      await writeSafetensors(path, [
        { name: "a", dtype: "float32", shape: [2], data: new Uint8Array(8) },
      ]);
      const whole = await readFile(path);
      for (let length = 0; length < whole.length; ++length) {
        expect(() => parseSafetensors(whole.subarray(0, length), "w")).toThrow(
          "Expected a safetensors file",
        );
      }
      expect(parseSafetensors(whole, "w")).toHaveLength(1);
    });
  });
});
