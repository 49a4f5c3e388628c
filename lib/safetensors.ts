// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes one after another.
import { readFile } from "node:fs/promises";
import { SparringError } from "./errors.js";
import { reason, writeWhole } from "./files.js";
import { product, type TensorSpec } from "./layers/kind.js";
import type { TensorData } from "./native.js";

const codes = { float32: "F32", float64: "F64", int64: "I64", uint8: "U8" } as const;
const sizes = { float32: 4, float64: 8, int64: 8, uint8: 1 } as const;
const dtypes = new Map(
  Object.entries(codes).map(([dtype, code]) => [code as string, dtype as TensorData["dtype"]]),
);
/** The reference implementation's limit. */
const headerLimit = 100_000_000;

/** Writes tensors to a file, whole or not at all. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorData[],
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype: codes[dtype], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  // Padded so that the tensors start on 8 bytes, as readers that map the file like.
  text += " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  await writeWhole(path, [length, text, ...tensors.map((tensor) => tensor.data)]);
}

/** Reads every tensor of a file. Throws ERR_WEIGHTS for anything that is not a sound safetensors file. */
export async function readSafetensors(path: string): Promise<TensorData[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new SparringError(
      "ERR_WEIGHTS",
      `Expected a safetensors file for path but received ${JSON.stringify(path)} (${reason(cause)})`,
      { cause },
    );
  }
  return parseSafetensors(bytes, path);
}

/** @internal */
export function parseSafetensors(file: Uint8Array, path: string): TensorData[] {
  // As a plain array: the slice() of a Buffer would not copy.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const refuse = (what: string): SparringError =>
    new SparringError(
      "ERR_WEIGHTS",
      `Expected a safetensors file for path but received ${JSON.stringify(path)}: ${what}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8) throw refuse("it is shorter than 8 bytes");
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(headerLimit, bytes.byteLength - 8))) {
    throw refuse(`its header would be ${length} bytes, more than the file holds`);
  }
  const body = bytes.subarray(8 + Number(length));
  const header = parseHeader(bytes.subarray(8, 8 + Number(length)), refuse);
  const tensors: TensorData[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") tensors.push(parseTensor(name, entry, body, refuse));
  }
  return tensors;
}

type Refuse = (what: string) => SparringError;

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof header === "object" && header !== null && !Array.isArray(header)) return header;
  } catch {
    // told below: what JSON.parse says of a binary file helps nobody
  }
  throw refuse("its header is not a JSON object");
}

function parseTensor(name: string, entry: unknown, body: Uint8Array, refuse: Refuse): TensorData {
  const { dtype: code, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const dtype = dtypes.get(String(code));
  if (dtype === undefined)
    throw refuse(
      `${name} has the dtype ${String(code)}, not one of ${[...dtypes.keys()].join(", ")}`,
    );
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw refuse(`${name} has no sound shape and data_offsets`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > body.byteLength) throw refuse(`${name} lies outside the file`);
  if (product(shape) * sizes[dtype] !== end - begin) {
    throw refuse(
      `${name} has ${end - begin} bytes, but its shape [${shape.join(", ")}] of ${code} needs ${product(shape) * sizes[dtype]}`,
    );
  }
  return { name, dtype, shape, data: body.slice(begin, end) };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

/** Throws ERR_WEIGHTS with every name that is missing, surplus, of another shape, or holds NaN or infinity. */
export function checkState(
  tensors: readonly TensorData[],
  state: ReadonlyMap<string, TensorSpec>,
  path: string,
): void {
  const problems: string[] = [];
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const [name, { shape }] of state) {
    const tensor = found.get(name);
    if (tensor === undefined) problems.push(`${name} is missing`);
    else if (!sameShape(tensor.shape, shape))
      problems.push(`${name} is [${tensor.shape.join(", ")}], needs [${shape.join(", ")}]`);
    else if (!allFinite(tensor)) problems.push(`${name} holds values that are not finite`);
  }
  for (const name of found.keys()) if (!state.has(name)) problems.push(`${name} is surplus`);
  if (problems.length > 0) {
    throw new SparringError(
      "ERR_WEIGHTS",
      `Expected the weights of this network for path but received ${JSON.stringify(path)}: ${problems.join("; ")}`,
    );
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}

function allFinite(tensor: TensorData): boolean {
  if (tensor.dtype !== "float32" && tensor.dtype !== "float64") return true;
  const { buffer } = tensor.data.slice(); // a copy: the file's bytes need not be aligned
  const values = tensor.dtype === "float32" ? new Float32Array(buffer) : new Float64Array(buffer);
  return values.every(Number.isFinite);
}
