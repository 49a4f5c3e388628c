import * as check from "../check.js";

/**
 * The opsets that can be written: from the first with LayerNormalization to the newest that
 * onnxruntime 1.30 reads.
 */
const [oldest, newest] = [17, 26];

/** How a generator becomes ONNX. */
export interface OnnxOptions {
  /** Version of the operators, 17 to 26; newer runtimes read older ones. @default 17 */
  readonly opset?: number | undefined;
}

/**
 * The opset that is asked for. Throws TypeError or RangeError.
 * @param name what the user calls it
 */
export function checkOpset(options: OnnxOptions, name = "opset"): number {
  check.options(options, "options", ["opset"]);
  return check.integer(options.opset ?? oldest, name, oldest, newest);
}
