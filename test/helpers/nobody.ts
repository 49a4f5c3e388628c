/** Does something as a user to whom folders can be closed: root, whom nothing stops, is nobody meanwhile. */
export async function asNobody<T>(work: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  // By its number: a container may not know the name.
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
