// From the tensors of a file to the state of a network: names, shapes, dtypes, values.
import { show, showName } from "./errors.js";
import { refusal } from "./files.js";
import type { TensorSpec } from "./layers/state.js";
import type { TensorData } from "./native.js";
import type { Dtype, StoredTensor } from "./safetensors.js";

/**
 * The tensors in the dtypes that the network has, those that have them already in the memory of the
 * file. Throws ERR_WEIGHTS with every name that is missing, surplus, of another shape, of a dtype
 * that does not convert, or that holds NaN or infinity.
 */
export function checkState(
  tensors: readonly StoredTensor[],
  state: ReadonlyMap<string, TensorSpec>,
  path: string,
): TensorData[] {
  const problems: string[] = [];
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const checked: TensorData[] = [];
  for (const [name, spec] of state) {
    const tensor = found.get(name);
    const result = tensor === undefined ? "is missing" : convert(tensor, spec);
    if (typeof result === "string") problems.push(`${name} ${result}`);
    else checked.push({ name, dtype: spec.dtype, shape: [...spec.shape], data: result });
  }
  for (const name of found.keys())
    if (!state.has(name)) problems.push(`${showName(name)} is surplus`);
  if (problems.length > 0) {
    const surplus = [...found.keys()].filter((name) => !state.has(name));
    const cures = habits.filter(({ of }) => surplus.some((name) => of.test(name)));
    const why = [listed(problems), ...cures.map(({ cure }) => cure)].join("; ");
    throw refusal("ERR_WEIGHTS", "the weights of this network", path)(why);
  }
  return checked;
}

/** Names that PyTorch gives a module's tensors in some programs, and what to do then. */
const habits = [
  {
    of: /^module\./,
    cure: "names that begin with module. are those of DataParallel, which saves by model.module.state_dict() without it",
  },
  {
    of: /(^|\.)weight_(orig|u)$/,
    cure: "weight_orig, weight_u and weight_v are names of the old torch.nn.utils.spectral_norm: rename them parametrizations.weight.original, parametrizations.weight.0._u and parametrizations.weight.0._v",
  },
];

/** Problems in a line, as many as a reader reads: a stranger's file may hold a million tensors. */
function listed(problems: readonly string[]): string {
  const shown = problems.slice(0, 20).join("; ");
  return problems.length <= 20 ? shown : `${shown}; and ${problems.length - 20} more`;
}

/** The bytes that the network needs, or what is wrong with the tensor. */
function convert(tensor: StoredTensor, { shape, dtype }: TensorSpec): Uint8Array | string {
  if (!sameShape(tensor.shape, shape)) return `is ${show(tensor.shape)}, needs ${show(shape)}`;
  return dtype === "float32" ? toFloats(tensor) : toWholeNumbers(tensor);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}

/** Floats of any width; whole numbers are no weights, but somebody's mistake. */
function toFloats({ dtype, data }: StoredTensor): Uint8Array | string {
  const read = floatReaders[dtype];
  if (read === undefined) return `is ${dtype}, needs F64, F32, F16 or BF16`;
  const values = read(data);
  if (!allFinite(values))
    return `holds values that are not finite${dtype === "F64" ? " as F32" : ""}`;
  return bytesOf(values);
}

/** Counters: whole numbers of any width, and floats that are whole. */
function toWholeNumbers({ dtype, data }: StoredTensor): Uint8Array | string {
  const read = numberReaders[dtype];
  if (read === undefined) return `is ${dtype}, needs whole numbers`;
  const values = Array.from<number | bigint>(read(data));
  const wrong = values.find((value) => !isExact(value));
  if (wrong !== undefined) return `holds ${wrong}, needs whole numbers that I64 can hold`;
  return bytesOf(BigInt64Array.from(values, BigInt));
}

function isExact(value: number | bigint): boolean {
  return typeof value === "bigint" ? value < 2n ** 63n : Number.isSafeInteger(value);
}

// Not by from(), which makes a list of its numbers first: that of a large tensor ends the process.
const floatReaders: { readonly [D in Dtype]?: (bytes: Uint8Array) => Float32Array } = {
  F32: (bytes) => over(Float32Array, bytes),
  F64: (bytes) => new Float32Array(over(Float64Array, bytes)),
  F16: (bytes) => {
    const halves = over(Uint16Array, bytes);
    const values = new Float32Array(halves.length);
    for (let i = 0; i < halves.length; ++i) values[i] = halfToFloat(halves[i] as number);
    return values;
  },
  // The upper half of a float32.
  BF16: (bytes) => {
    const halves = over(Uint16Array, bytes);
    const values = new Uint32Array(halves.length);
    for (let i = 0; i < halves.length; ++i) values[i] = (halves[i] as number) << 16;
    return new Float32Array(values.buffer);
  },
};

const numberReaders: {
  readonly [D in Dtype]?: (bytes: Uint8Array) => Iterable<number | bigint>;
} = {
  ...floatReaders,
  F64: (bytes) => over(Float64Array, bytes),
  I64: (bytes) => over(BigInt64Array, bytes),
  I32: (bytes) => over(Int32Array, bytes),
  I16: (bytes) => over(Int16Array, bytes),
  I8: (bytes) => over(Int8Array, bytes),
  U64: (bytes) => over(BigUint64Array, bytes),
  U32: (bytes) => over(Uint32Array, bytes),
  U16: (bytes) => over(Uint16Array, bytes),
  U8: (bytes) => bytes,
};

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A kind of typed array. */
interface Numbers<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (memory: ArrayBufferLike, start: number, length: number): T;
}

/** The numbers in their own memory, or in a copy of it where it begins in the midst of one. */
export function over<T>(Kind: Numbers<T>, bytes: Uint8Array): T {
  const { BYTES_PER_ELEMENT: width } = Kind;
  const { buffer, byteOffset, byteLength } =
    bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new Kind(buffer, byteOffset, byteLength / width);
}

/**
 * Whether all are finite, by the bits of the exponent: ten times as fast as Number.isFinite: the
 * event loop waits for this.
 */
function allFinite(values: Float32Array): boolean {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const exponent = 0x7f80_0000;
  for (let i = 0; i < bits.length; ++i)
    if (((bits[i] as number) & exponent) === exponent) return false;
  return true;
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}
