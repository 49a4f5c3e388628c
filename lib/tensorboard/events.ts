// The words of TensorBoard's own protobuf schema (schema/*_pb.ts, made of event.proto and what it
// imports, of TensorBoard's repository at 70b76c9, in one folder by protoc-gen-es 2.17.0 with
// target=ts,import_extension=js).
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { version } from "../version.js";
import { encodeRecord } from "./record.js";
import { EventSchema, SessionLog_SessionStatus as Status } from "./schema/event_pb.js";

type What = Pick<MessageInitShape<typeof EventSchema>, "what" | "sourceMetadata">;

/** The record of an event that happens now. */
function encode(step: number, what: What): Uint8Array {
  const event = create(EventSchema, { wallTime: Date.now() / 1000, step: BigInt(step), ...what });
  return encodeRecord(toBinary(EventSchema, event));
}

/** What every file begins with. */
export function beginning(): Uint8Array {
  return encode(0, {
    what: { case: "fileVersion", value: "brain.Event:2" },
    sourceMetadata: { writer: `sparring ${version()}` },
  });
}

/**
 * Says that a session starts, whose first step will be `step`: readers forget what they have of
 * that step and later ones.
 */
export function sessionStart(step: number): Uint8Array {
  return encode(step, { what: { case: "sessionLog", value: { status: Status.START } } });
}

/** Numbers of one step by their tags; those that are undefined are left out. */
export function scalars(
  step: number,
  values: Readonly<Record<string, number | undefined>>,
): Uint8Array {
  const value = Object.entries(values).flatMap(([tag, simpleValue]) =>
    simpleValue === undefined
      ? []
      : [{ tag, value: { case: "simpleValue", value: simpleValue } as const }],
  );
  return encode(step, { what: { case: "summary", value: { value } } });
}

/** A PNG of one step, in colour. */
export function picture(step: number, tag: string, png: Uint8Array): Uint8Array {
  // Its first chunk, after 8 bytes of signature and 8 of its own, begins with its size.
  const header = new DataView(png.buffer, png.byteOffset + 16, 8);
  const size = { width: header.getUint32(0), height: header.getUint32(4) };
  const image = { ...size, colorspace: 3, encodedImageString: png };
  const value = [{ tag, value: { case: "image", value: image } as const }];
  return encode(step, { what: { case: "summary", value: { value } } });
}
