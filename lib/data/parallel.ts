/**
 * Works on 0 up to, not including, `count`, at most `lanes` at a time and in order of their start.
 * The first failure ends it, once what has begun is over.
 */
export async function inParallel(
  count: number,
  lanes: number,
  work: (index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    try {
      while (next < count) {
        signal?.throwIfAborted();
        await work(next++);
      }
    } catch (error) {
      next = count;
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const lane of ended) if (lane.status === "rejected") throw lane.reason;
}
