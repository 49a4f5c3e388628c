/**
 * Prints a result: as the one JSON object that `--json` asks for, or as a text for people.
 *
 * @param json what the command line says of `--json`
 */
export function tell<Result extends object>(
  result: Result,
  json: unknown,
  toText: (result: Result) => string,
): void {
  const text = json === true ? JSON.stringify(result, null, 2) : toText(result);
  process.stdout.write(`${text}\n`);
}
