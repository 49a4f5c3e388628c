// From the tensors of a file to the state of a network: names, shapes, dtypes, values.
import { show, showName } from "./errors.js";
import { refusal } from "./files.js";
import type { TensorSpec } from "./layers/state.js";
import type { TensorData } from "./native.js";
import type { Dtype, StoredTensor } from "./safetensors.js";

/**
 * The tensors in the dtypes that the network has. Throws ERR_WEIGHTS with every name that is
 * missing, surplus, of another shape, of a dtype that does not convert, or that holds NaN or
 * infinity.
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
  const values = read(aligned(data));
  if (!allFinite(values))
    return `holds values that are not finite${dtype === "F64" ? " as F32" : ""}`;
  return bytesOf(values);
}

/** Counters: whole numbers of any width, and floats that are whole. */
function toWholeNumbers({ dtype, data }: StoredTensor): Uint8Array | string {
  const read = numberReaders[dtype];
  if (read === undefined) return `is ${dtype}, needs whole numbers`;
  const values = Array.from<number | bigint>(read(aligned(data)));
  const wrong = values.find((value) => !isExact(value));
  if (wrong !== undefined) return `holds ${wrong}, needs whole numbers that I64 can hold`;
  return bytesOf(BigInt64Array.from(values, BigInt));
}

function isExact(value: number | bigint): boolean {
  return typeof value === "bigint" ? value < 2n ** 63n : Number.isSafeInteger(value);
}

const floatReaders: { readonly [D in Dtype]?: (bytes: ArrayBuffer) => Float32Array } = {
  F32: (bytes) => new Float32Array(bytes),
  F64: (bytes) => Float32Array.from(new Float64Array(bytes)),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes), halfToFloat),
  // The upper half of a float32.
  BF16: (bytes) =>
    new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
};

const numberReaders: {
  readonly [D in Dtype]?: (bytes: ArrayBuffer) => Iterable<number | bigint>;
} = {
  ...floatReaders,
  F64: (bytes) => new Float64Array(bytes),
  I64: (bytes) => new BigInt64Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
  I16: (bytes) => new Int16Array(bytes),
  I8: (bytes) => new Int8Array(bytes),
  U64: (bytes) => new BigUint64Array(bytes),
  U32: (bytes) => new Uint32Array(bytes),
  U16: (bytes) => new Uint16Array(bytes),
  U8: (bytes) => new Uint8Array(bytes),
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

/** Memory that a typed array may lie over: a view into a file starts anywhere. */
export function aligned(data: Uint8Array): ArrayBuffer {
  const isWhole = data.byteLength === data.buffer.byteLength;
  return (isWhole ? data : data.slice()).buffer as ArrayBuffer;
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
