/**
 * What went wrong, for programs:
 *
 * - `ERR_ARCHITECTURE` a network whose layers do not fit together
 * - `ERR_BUSY` a second run of a trainer while steps of the first are under way, a run that another
 *   has taken the place of, or something that ranks do together in the middle of a tick
 * - `ERR_CHECKPOINT` a checkpoint that is missing, damaged, or of a version that this one does not
 *   know
 * - `ERR_DATA` a dataset, or the folder of a run, that is missing, cut short or not what it claims
 *   to be
 * - `ERR_DEVICE` a device that this machine, or this build, does not have; or a GPU that failed
 * - `ERR_DISPOSED` an object that was disposed
 * - `ERR_DIVERGED` training that diverged: a loss or weight is NaN or infinite
 * - `ERR_LIBTORCH` the native addon or its libtorch cannot be loaded
 * - `ERR_MEMORY` out of memory, on the host or the device
 * - `ERR_NATIVE` anything else that libtorch refused, or sharp, which draws pictures, without its
 *   native part
 * - `ERR_OUTPUT` a file or folder that cannot be written
 * - `ERR_RANK` a rank of a group that did not come, does not fit the others, failed, or was lost
 * - `ERR_STOPPED` the process or worker is ending, or another rank stopped the training
 * - `ERR_WEIGHTS` weights that do not belong to the network
 */
export type ErrorCode =
  | "ERR_ARCHITECTURE"
  | "ERR_BUSY"
  | "ERR_CHECKPOINT"
  | "ERR_DATA"
  | "ERR_DEVICE"
  | "ERR_DISPOSED"
  | "ERR_DIVERGED"
  | "ERR_LIBTORCH"
  | "ERR_MEMORY"
  | "ERR_NATIVE"
  | "ERR_OUTPUT"
  | "ERR_RANK"
  | "ERR_STOPPED"
  | "ERR_WEIGHTS";

const errorCodes: Readonly<Record<ErrorCode, true>> = {
  ERR_ARCHITECTURE: true,
  ERR_BUSY: true,
  ERR_CHECKPOINT: true,
  ERR_DATA: true,
  ERR_DEVICE: true,
  ERR_DISPOSED: true,
  ERR_DIVERGED: true,
  ERR_LIBTORCH: true,
  ERR_MEMORY: true,
  ERR_NATIVE: true,
  ERR_OUTPUT: true,
  ERR_RANK: true,
  ERR_STOPPED: true,
  ERR_WEIGHTS: true,
};

/** @internal Whether it is one of ours: errors of Node.js have codes, too. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorCodes, code);
}

/** Whether an error is a SparringError of a code. */
export function hasCode(error: unknown, code: ErrorCode): error is SparringError {
  return error instanceof SparringError && error.code === code;
}

/**
 * Everything that can go wrong after the arguments were right. Misuse is a TypeError or RangeError.
 */
export class SparringError extends Error {
  override readonly name = "SparringError";
  /** What kind of thing went wrong; the message says what did. */
  readonly code: ErrorCode;

  /** Sparring makes these; a program reads them. */
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The one grammar of the project's messages. */
export function expected(what: string, name: string, received: unknown): string {
  return sentence(what, name, show(received));
}

/**
 * An error about anything but an argument: a file, a network, a device that is not what is needed.
 *
 * @param received in words, or shown: `none`, `[3, 32, 32]`
 */
export function refused(
  code: ErrorCode,
  what: string,
  name: string,
  received: string,
  options?: { readonly cause?: unknown },
): SparringError {
  const error = new SparringError(code, sentence(what, name, received), options);
  refusals.set(error, { what, name, received });
  return error;
}

interface Refused {
  readonly what: string;
  readonly name: string;
  readonly received: string;
}

/** What the sentence of an error was made of. */
const refusals = new WeakMap<SparringError, Refused>();

/**
 * Awaits work; where it refuses with the code what the work calls `from`, the error says `to`, as
 * the user calls it.
 */
export async function renamed<T>(
  from: string,
  to: string,
  work: () => Promise<T>,
  code: ErrorCode = "ERR_DATA",
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SparringError) || error.code !== code) throw error;
    const { what, name, received } = refusals.get(error) ?? {};
    if (what === undefined || received === undefined || name !== from) throw error;
    throw refused(error.code, what, to, received, { cause: error.cause });
  }
}

/** An error about a network, or a pair, whose parts do not fit together. */
export function misfit(what: string, name: string, received: string): SparringError {
  return refused("ERR_ARCHITECTURE", what, name, received);
}

function sentence(what: string, name: string, received: string): string {
  return `Expected ${what} for ${name} but received ${received}`;
}

/** A wrong kind of value. @param more what the value itself does not show, after it */
export function wrongType(what: string, name: string, received: unknown, more = ""): TypeError {
  return misuse(new TypeError(`${expected(what, name, received)}${more}`));
}

/** Nothing where a command line has to say something. */
export function missing(what: string, name: string): TypeError {
  return misuse(new TypeError(sentence(what, name, "nothing")));
}

/** The right kind of value, out of its range. */
export function outOfRange(what: string, name: string, received: unknown): RangeError {
  return misuse(new RangeError(expected(what, name, received)));
}

/**
 * The misuse that was found here: the user's own code, and a bug of ours, throw a TypeError or
 * RangeError, too.
 */
const found = new WeakSet<object>();

/** Marks an error as one about an argument. */
export function misuse<T extends TypeError | RangeError>(error: T): T {
  found.add(error);
  return error;
}

/**
 * Whether an error is about an argument. Only where it was thrown: one that comes from another
 * process or thread is a copy without the mark, so that whoever sends it has to say so beside it.
 */
export function isMisuse(error: unknown): error is TypeError | RangeError {
  return error instanceof Error && found.has(error);
}

/** Says in an error where the value lies, which its own checks cannot know. */
export function within<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SparringError)
      throw new SparringError(error.code, `${error.message} (in ${name})`, { cause: error });
    if (isMisuse(error)) {
      const Same = error instanceof TypeError ? TypeError : RangeError;
      throw misuse(new Same(`${error.message} (in ${name})`, { cause: error }));
    }
    throw error;
  }
}

/**
 * Awaits work; an error of ours that it ends with carries the stack of the call that asked for it.
 */
export async function traced<T>(work: () => Promise<T>): Promise<T> {
  const here = new Error();
  try {
    return await work();
  } catch (error) {
    // Its own frames may begin in native code, or where a file was read.
    if (error instanceof SparringError || isMisuse(error)) giveStack(error, here.stack);
    throw error;
  }
}

/** Whoever sets Error.prepareStackTrace may make anything of a stack: then each keeps its own. */
function giveStack(error: Error, stack: unknown): void {
  if (typeof stack !== "string") return;
  const frames = stack.split("\n").slice(2).join("\n");
  error.stack = `${error.name}: ${error.message}\n${frames}`;
}

/** A name that a file gave, as a line can show it: only letters go in as they are. */
export function showName(name: string): string {
  return /^[\w.-]{1,120}$/.test(name) ? name : show(name);
}

/** A path, whole: one that is cut leads nowhere. */
export function showPath(path: string): string {
  return oneLine(JSON.stringify(path));
}

/** A value as a reader would write it, cut to a line. */
export function show(value: unknown): string {
  return oneLine(cut(write(value, 3)));
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, escaped);
}

/** A key may break the line, or tell a terminal what to do. */
function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Only as deep and as far as a line can show: the value may be huge, or contain itself. */
function write(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return String(value);
  try {
    return writeObject(value, depth);
  } catch {
    return unreadable;
  }
}

/** What a getter or a proxy keeps to itself: the error about a value must not be another error. */
const unreadable = "(unreadable)";

function writeObject(value: object, depth: number): string {
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (depth === 0) return "...";
  if (Array.isArray(value)) return `[${writeSome(value, (item) => write(item, depth - 1))}]`;
  const name = value.constructor?.name === "" ? tagOf(value) : value.constructor?.name;
  if (name !== undefined && name !== "Object") return `an instance of ${name}`;
  const field = (key: string) => `${key}: ${writeField(value, key, depth - 1)}`;
  return `{ ${writeSome(Object.keys(value), field)} }`;
}

/** `AsyncGenerator`: what a generator function returns has a constructor without a name. */
const tagOf = (value: object) => Object.prototype.toString.call(value).slice("[object ".length, -1);

function writeField(object: object, key: string, depth: number): string {
  try {
    return write((object as Record<string, unknown>)[key], depth);
  } catch {
    return unreadable;
  }
}

function writeSome<T>(items: readonly T[], one: (item: T) => string): string {
  // Array.from sees the holes of a sparse array, which map would skip.
  const shown = Array.from(items.slice(0, 40), one).join(", ");
  return items.length <= 40 ? shown : `${shown}, ...`;
}

function cut(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
