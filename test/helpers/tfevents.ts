// Event files as TensorBoard reads them: records one after the other.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "../../lib/tensorboard/schema/event_pb.js";

/** The events in a folder, of all sessions in their order. */
export async function eventsIn(folder: string): Promise<Event[]> {
  const names = (await readdir(folder)).filter((name) => name.includes(".tfevents.")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return files.flatMap((bytes) => [...eventsOf(bytes)]);
}

function* eventsOf(bytes: Buffer): Generator<Event> {
  // Each record has its length and a checksum before it, and a checksum after it.
  for (let start = 12; start < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(start - 12));
    yield fromBinary(EventSchema, bytes.subarray(start, start + length));
    start += length + 16;
  }
}
