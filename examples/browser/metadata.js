// The metadata of an ONNX file, which onnxruntime shows to Python, but not to JavaScript. The file is a protobuf message.

/**
 * What a model says of itself: metadata_props, its field 14.
 *
 * @param {Uint8Array} model @returns {Record<string, string>}
 */
export function metadataOf(model) {
  const text = new TextDecoder();
  const props = fieldsOf(model).filter(([field]) => field === 14);
  const pairs = props.map(([, prop]) => {
    const { 1: key, 2: value } = Object.fromEntries(fieldsOf(prop));
    return [text.decode(key), text.decode(value)];
  });
  return Object.fromEntries(pairs);
}

/**
 * The fields of a protobuf message that are texts or messages, by their numbers.
 *
 * @param {Uint8Array} message @returns {[field: number, bytes: Uint8Array][]}
 */
function fieldsOf(message) {
  /** @type {[number, Uint8Array][]} */
  const fields = [];
  let at = 0;
  /** Seven bits a byte, the lowest first, up to a byte without the eighth. */
  const readNumber = () => {
    let number = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = Number(message[at++]);
      number += (byte % 128) * scale;
      if (byte < 128) break;
    }
    return number;
  };
  while (at < message.length) {
    const tag = readNumber();
    const number = readNumber();
    // Of kind 2 the number is a length; the other kind of such a message is the number itself.
    if (tag % 8 !== 2) continue;
    fields.push([Math.floor(tag / 8), message.subarray(at, at + number)]);
    at += number;
  }
  return fields;
}
