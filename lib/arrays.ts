// Results over memory that no other thread sees: what `new Blob()`, fetch() and crypto.subtle take.
// By way of `from()`, as a TypeScript before 5.7 has no type to tell them from others by: there
// they are arrays like any other.

/** A Uint8Array over an ArrayBuffer of its own. */
export type Bytes = ReturnType<typeof Uint8Array.from>;
/** A Float32Array over an ArrayBuffer of its own. */
export type Floats = ReturnType<typeof Float32Array.from>;
