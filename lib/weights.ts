// From the tensors of a file to the state of a network: names, shapes, dtypes, values.
import { addon, crossing } from "./addon.js";
import { type SparringError, show, showName } from "./errors.js";
import { refusal } from "./reason.js";
import type { TensorSpec } from "./layers/state.js";
import type { WeightData } from "./native.js";
import type { Dtype, StoredTensor } from "./safetensors.js";

/** Resolves with the positions of tensors that hold NaN or infinity, or would as float32. */
type Take = (tensors: WeightData[]) => Promise<number[]>;

/**
 * Gives the tensors to what takes them, weights in the memory and the dtype of the file, and
 * resolves with them. Throws ERR_WEIGHTS with every name that is missing, surplus, of another
 * shape, of a dtype that does not convert, or that holds NaN or infinity.
 *
 * @param take called at once where nothing but values can be wrong; it does nothing where they are
 */
export async function fitState(
  tensors: readonly StoredTensor[],
  state: ReadonlyMap<string, TensorSpec>,
  path: string,
  take: Take = (all) => addon().notFinite(all),
): Promise<WeightData[]> {
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const surplus = [...found.keys()].filter((name) => !state.has(name));
  const problems = new Map<string, string>();
  const fitting: WeightData[] = [];
  for (const [name, spec] of state) {
    const result = convert(found.get(name), spec);
    if (typeof result === "string") problems.set(name, result);
    else fitting.push({ name, shape: [...spec.shape], ...result });
  }
  const isWhole = problems.size === 0 && surplus.length === 0;
  const broken = await crossing(() => (isWhole ? take(fitting) : addon().notFinite(fitting)));
  if (isWhole && broken.length === 0) return fitting;
  for (const i of broken) {
    const { name, dtype } = fitting[i] as WeightData;
    problems.set(name, `holds values that are not finite${dtype === "float64" ? " as F32" : ""}`);
  }
  const ofState = [...state.keys()].filter((name) => problems.has(name));
  const all = ofState.map((name) => `${name} ${problems.get(name)}`);
  throw unfit([...all, ...surplus.map((name) => `${showName(name)} is surplus`)], surplus, path);
}

function unfit(
  problems: readonly string[],
  surplus: readonly string[],
  path: string,
): SparringError {
  const cures = habits.filter(({ of }) => surplus.some((name) => of.test(name)));
  const why = [listed(problems), ...cures.map(({ cure }) => cure)].join("; ");
  return refusal("ERR_WEIGHTS", "the weights of this network", path)(why);
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

type Bytes = Pick<WeightData, "dtype" | "data">;

/** The bytes that the network needs, or what is wrong with the tensor. */
function convert(tensor: StoredTensor | undefined, { shape, dtype }: TensorSpec): Bytes | string {
  if (tensor === undefined) return "is missing";
  if (!sameShape(tensor.shape, shape)) return `is ${show(tensor.shape)}, needs ${show(shape)}`;
  return dtype === "float32" ? toFloats(tensor) : toWholeNumbers(tensor);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}

/** What native code converts; whole numbers are no weights, but somebody's mistake. */
const floats: { readonly [D in Dtype]?: WeightData["dtype"] } = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

function toFloats({ dtype, data }: StoredTensor): Bytes | string {
  const known = floats[dtype];
  return known === undefined ? `is ${dtype}, needs F64, F32, F16 or BF16` : { dtype: known, data };
}

/** Counters: whole numbers of any width, and floats that are whole. */
function toWholeNumbers({ dtype, data }: StoredTensor): Bytes | string {
  const read = numberReaders[dtype];
  if (read === undefined) return `is ${dtype}, needs whole numbers`;
  const values = Array.from<number | bigint>(read(data));
  const wrong = values.find((value) => !isExact(value));
  if (wrong !== undefined) return `holds ${wrong}, needs whole numbers that I64 can hold`;
  return { dtype: "int64", data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) };
}

function isExact(value: number | bigint): boolean {
  return typeof value === "bigint" ? value < 2n ** 63n : Number.isSafeInteger(value);
}

const numberReaders: {
  readonly [D in Dtype]?: (bytes: Uint8Array) => Iterable<number | bigint>;
} = {
  F64: (bytes) => over(Float64Array, bytes),
  F32: (bytes) => over(Float32Array, bytes),
  F16: (bytes) => Array.from(over(Uint16Array, bytes), halfToFloat),
  // The upper half of a float32.
  BF16: (bytes) =>
    over(
      Float32Array,
      new Uint8Array(Uint32Array.from(over(Uint16Array, bytes), (half) => half << 16).buffer),
    ),
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
