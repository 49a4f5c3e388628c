// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes one after
// another.
import { isObject } from "./check.js";
import { SparringError, show, showName } from "./errors.js";
import { fill, withFile, writeWhole } from "./files.js";
import { type Refuse, refusal } from "./reason.js";
import type { TensorData } from "./native.js";
import { product } from "./shape.js";

/** Bytes of a number of each dtype of the format, but those of less than a byte. */
const sizes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  C64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** A dtype in the words of the format. */
export type Dtype = keyof typeof sizes;

/** A tensor as it lies in a file. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: number[];
  readonly data: Uint8Array;
}

const codes = { float32: "F32", float64: "F64", int64: "I64", uint8: "U8" } as const;

/**
 * A hundred times the header of the largest network here. JSON takes ten times its bytes once it is
 * parsed.
 */
export const headerLimit = 16 * 1024 ** 2;

/** Writes tensors to a file, whole or not at all. */
export async function writeSafetensors(
  path: string,
  tensors: readonly (TensorData | StoredTensor)[],
): Promise<void> {
  await writeWhole(path, formatSafetensors(tensors));
}

/** @internal The file in pieces. */
export function formatSafetensors(tensors: readonly (TensorData | StoredTensor)[]): Uint8Array[] {
  const described = tensors.map(({ data, ...rest }) => ({ ...rest, bytes: data.byteLength }));
  return [formatHeader(described, { format: "pt" }), ...tensors.map((tensor) => tensor.data)];
}

/** @internal A tensor whose bytes are written by somebody else. */
export interface DescribedTensor extends Pick<TensorData | StoredTensor, "name" | "shape"> {
  readonly dtype: TensorData["dtype"] | Dtype;
  readonly bytes: number;
}

/**
 * @internal What comes before the tensors' bytes, padded to `size` bytes if they begin further on.
 */
export function formatHeader(
  tensors: readonly DescribedTensor[],
  metadata: Readonly<Record<string, string>>,
  size = 0,
): Buffer {
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    const code = dtype in codes ? codes[dtype as keyof typeof codes] : dtype;
    entries.push([name, { dtype: code, shape, data_offsets: [offset, offset + bytes] }]);
    offset += bytes;
  }
  // Not by assignment: the name `__proto__` would vanish.
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  // So that the tensors start on 8 bytes, as readers that map the file like.
  const whole = Math.max(size, 8 + Math.ceil(text.length / 8) * 8);
  const header = Buffer.alloc(whole, " ");
  header.writeBigUInt64LE(BigInt(whole - 8));
  text.copy(header, 8);
  return header;
}

/**
 * Reads every tensor of a file, none before the header fits the file's size: it may be gigabytes
 * long without a byte on the disk. Throws ERR_WEIGHTS for anything that is not a sound safetensors
 * file.
 */
export async function readSafetensors(path: string): Promise<StoredTensor[]> {
  const refuse = noSafetensors(path);
  try {
    return await withFile(path, async (file, size) => {
      const read = async (begin: number, end: number) => {
        const bytes = new Uint8Array(end - begin);
        if (await fill(file, bytes, begin)) return bytes;
        throw refuse("it became shorter while it was read");
      };
      const start = headerEnd(await read(0, Math.min(lengthBytes, size)), size, refuse);
      const entries = parseEntries(await read(lengthBytes, start), size - start, refuse);
      const tensors: StoredTensor[] = [];
      for (const { begin, end, ...tensor } of entries)
        tensors.push({ ...tensor, data: await read(start + begin, start + end) });
      return tensors;
    });
  } catch (cause) {
    if (cause instanceof SparringError) throw cause;
    throw refuse.unreadable(cause);
  }
}

/** @internal The tensors of a file in memory, as views of it. */
export function parseSafetensors(file: Uint8Array, path: string): StoredTensor[] {
  // As a plain array: the slice() of a Buffer's view would not copy.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const refuse = noSafetensors(path);
  const start = headerEnd(bytes, bytes.byteLength, refuse);
  const body = bytes.subarray(start);
  return parseEntries(bytes.subarray(lengthBytes, start), body.byteLength, refuse).map(
    ({ begin, end, ...tensor }) => ({ ...tensor, data: body.subarray(begin, end) }),
  );
}

function noSafetensors(path: string): Refuse {
  return refusal("ERR_WEIGHTS", "a safetensors file", path);
}

/** What says how long the header is. */
const lengthBytes = 8;

const ofTorch =
  'it is a file of torch.save; this line of Python converts one that holds a state dict: safetensors.torch.save_file(torch.load("g.pth", map_location="cpu"), "g.safetensors")';
const ofOnnx =
  "it is a file of ONNX, which is only written; saveWeights() makes one that can be read";

/**
 * What other files of weights begin with: torch.save's zip, or its pickle from before PyTorch 1.6,
 * and the version and the producer of ONNX, 7 to 13 being those in use. As the length of a header
 * each is beyond the limit, the last with the name that follows.
 */
const others: readonly { readonly begins: readonly (readonly number[])[]; readonly why: string }[] =
  [
    { begins: [[0x50], [0x4b], [0x03], [0x04]], why: ofTorch },
    { begins: [[0x80], [0x02], [0x8a], [0x0a]], why: ofTorch },
    { begins: [[0x08], [7, 8, 9, 10, 11, 12, 13], [0x12]], why: ofOnnx },
  ];

/** Where the tensors begin in a file of `size` bytes, by its first ones. */
function headerEnd(bytes: Uint8Array, size: number, refuse: Refuse): number {
  if (size < lengthBytes) throw refuse(`it is shorter than ${lengthBytes} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const [inFile, most] = [BigInt(size - lengthBytes), BigInt(headerLimit)];
  if (length <= inFile && length <= most) return lengthBytes + Number(length);
  const limit = length > inFile ? "the file holds" : headerLimit;
  throw refuse(whatElse(bytes) ?? `its header would be ${length} bytes, more than ${limit}`);
}

/** What a file is that begins so, where it is known. */
function whatElse(bytes: Uint8Array): string | undefined {
  const fits = ({ begins }: (typeof others)[number]) =>
    begins.every((possible, i) => possible.includes(bytes[i] as number));
  return others.find(fits)?.why;
}

/** The tensors that a header tells of, which fill a body of `total` bytes. */
function parseEntries(header: Uint8Array, total: number, refuse: Refuse): TensorEntry[] {
  const entries = Object.entries(parseHeader(header, refuse))
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseTensor(name, entry, total, refuse));
  checkLayout(entries, total, refuse);
  return entries;
}

/** A tensor of the header, and its bytes in the body. */
interface TensorEntry extends Omit<StoredTensor, "data"> {
  readonly begin: number;
  readonly end: number;
}

/**
 * The body is the tensors and nothing else, as the reference implementation has it. A header of a
 * thousand tensors over the same bytes would otherwise ask for a thousand times the file's size.
 */
function checkLayout(entries: readonly TensorEntry[], total: number, refuse: Refuse): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== covered) {
      throw refuse(
        `${showName(name)} begins at byte ${begin}, where the tensors before it end at ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== total) throw refuse(`${total - covered} bytes follow its last tensor`);
}

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isObject(header)) return header;
  } catch {
    // told below: what JSON.parse says of a binary file helps nobody
  }
  throw refuse("its header is not a JSON object");
}

/** Checks everything about a tensor before any of its bytes are copied. */
function parseTensor(name: string, entry: unknown, total: number, refuse: Refuse): TensorEntry {
  const { dtype: code, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const shown = showName(name);
  if (typeof code !== "string" || !Object.hasOwn(sizes, code)) {
    const received = typeof code === "string" ? showName(code) : show(code);
    throw refuse(`${shown} has the dtype ${received}, not one of ${Object.keys(sizes).join(", ")}`);
  }
  const dtype = code as Dtype;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw refuse(`${shown} has no sound shape and data_offsets`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > total) throw refuse(`${shown} lies outside the file`);
  const needed = product(shape) * sizes[dtype];
  if (needed !== end - begin) {
    throw refuse(
      `${shown} has ${end - begin} bytes, but its shape ${show(shape)} of ${code} needs ${needed}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}
