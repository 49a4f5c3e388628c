// NumPy's .npy: a magic number, a version, the length of a header, the header as a Python literal,
// the values. Own code, since readers on the registry take the whole file and trust its header.
import type { FileHandle } from "node:fs/promises";
import { show } from "../errors.js";
import type { Refuse } from "../reason.js";
import { readInto } from "./reading.js";

/** Values that images and labels come in; NumPy's names. */
const dtypes = {
  "|u1": { name: "uint8", bytes: 1, view: Uint8Array },
  "|i1": { name: "int8", bytes: 1, view: Int8Array },
  "<u2": { name: "uint16", bytes: 2, view: Uint16Array },
  "<i2": { name: "int16", bytes: 2, view: Int16Array },
  "<u4": { name: "uint32", bytes: 4, view: Uint32Array },
  "<i4": { name: "int32", bytes: 4, view: Int32Array },
  "<u8": { name: "uint64", bytes: 8, view: BigUint64Array },
  "<i8": { name: "int64", bytes: 8, view: BigInt64Array },
  "<f4": { name: "float32", bytes: 4, view: Float32Array },
  "<f8": { name: "float64", bytes: 8, view: Float64Array },
} as const;

type Dtype = (typeof dtypes)[keyof typeof dtypes];
export type DtypeName = Dtype["name"];
export type NpyValues = InstanceType<Dtype["view"]>;

export interface NpyHeader {
  readonly dtype: DtypeName;
  readonly shape: number[];
  /** Where the values begin. */
  readonly offset: number;
}

/** Types that images and rows of numbers come in. */
export const imageDtypes: readonly DtypeName[] = ["uint8", "float32", "float64"];
/** Types that labels come in: whole numbers. */
export const labelDtypes = Object.values(dtypes).flatMap(({ name }) =>
  name.startsWith("float") ? [] : [name],
);

/** NumPy's own. */
const rankLimit = 64;
/** Far above what an array of numbers needs, which is 128 bytes. */
const headerLimit = 65_536;

/**
 * Reads and checks the header: the values that it promises are there, all of them and nothing else.
 *
 * @param fitting what values may be, as the error about others has it
 */
export async function readNpyHeader(
  file: FileHandle,
  size: number,
  refuse: Refuse,
  fitting = imageDtypes,
): Promise<NpyHeader> {
  const start = new Uint8Array(Math.min(size, headerLimit));
  await readInto(file, start, 0, refuse);
  return parseNpyHeader(start, size, refuse, fitting);
}

/** @internal */
export function parseNpyHeader(
  start: Uint8Array,
  size: number,
  refuse: Refuse,
  fitting = imageDtypes,
): NpyHeader {
  const magic = [0x93, ...Buffer.from("NUMPY")];
  if (!magic.every((byte, i) => start[i] === byte))
    throw refuse("it does not start with NumPy's magic number");
  if (start.length < 8) throw refuse(`it has ${size} bytes`);
  const [major, minor] = [start[6], start[7]];
  if (!(minor === 0 && (major === 1 || major === 2 || major === 3)))
    throw refuse(`its version is ${major}.${minor}, not 1.0, 2.0 or 3.0`);
  const lengthBytes = major === 1 ? 2 : 4;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (start.length < 8 + lengthBytes) throw refuse(`it has ${size} bytes`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const offset = 8 + lengthBytes + length;
  if (offset > start.length) throw refuse(`its header would be ${length} bytes`);
  const text = Buffer.from(start.subarray(8 + lengthBytes, offset)).toString("latin1");
  return { ...parseLiteral(text, size - offset, refuse, fitting), offset };
}

function parseLiteral(
  text: string,
  follow: number,
  refuse: Refuse,
  fitting: readonly DtypeName[],
): Omit<NpyHeader, "offset"> {
  const code = /'descr': *'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const sides = /'shape': *\(((?:\d{1,20}, *)*(?:\d{1,20})?)\)/.exec(text)?.[1];
  if (code === undefined || order === undefined || sides === undefined)
    throw refuse("its header does not describe an array of numbers");
  if (!Object.hasOwn(dtypes, code))
    throw refuse(`its dtype is ${show(code)}, not one of ${codesOf(fitting)}`);
  if (order === "True")
    throw refuse("its values are in Fortran's order; numpy.ascontiguousarray() turns them round");
  const { name, bytes } = dtypes[code as keyof typeof dtypes];
  const exact = sides
    .split(",")
    .map((side) => side.trim())
    .filter(Boolean)
    .map(BigInt);
  if (exact.length > rankLimit) throw refuse(`its rank is ${exact.length}`);
  // As big integers: a hostile shape would overflow, and fit again.
  const needed = exact.reduce((total, side) => total * side, BigInt(bytes));
  if (needed !== BigInt(follow))
    throw refuse(
      `its shape [${exact.join(", ")}] of ${name} needs ${needed} bytes, and ${follow} follow the header`,
    );
  if (needed === 0n) throw refuse(`its shape is [${exact.join(", ")}]`);
  return { dtype: name, shape: exact.map(Number) };
}

/** NumPy's codes of types: `|u1, <f4` */
function codesOf(names: readonly DtypeName[]): string {
  const chosen = Object.entries(dtypes).filter(([, { name }]) => names.includes(name));
  return chosen.map(([code]) => code).join(", ");
}

/** Values that are worked on at once: 16 MB as float64, and a few milliseconds. */
export const npySlice = 1 << 21;

/** Memory for `count` values, and the same as bytes to be filled. */
export function npyBuffer(
  dtype: DtypeName,
  count: number,
): { values: NpyValues; bytes: Uint8Array } {
  const { view } = Object.values(dtypes).find(({ name }) => name === dtype) as Dtype;
  const values = new view(count);
  return { values, bytes: new Uint8Array(values.buffer) };
}
