/** A .npy file of zeros, whose header says what is given. */
export function npyFile(shape: string, bytes: number, descr = "'|u1'", order = "False"): Buffer {
  const text = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': (${shape}), }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  const magic = Buffer.from("\x93NUMPY\x01\x00", "latin1");
  return Buffer.concat([magic, length, Buffer.from(text), Buffer.alloc(bytes)]);
}
