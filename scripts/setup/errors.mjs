/** A failure whose message is all that the user needs: it is printed without a stack. */
export class SetupError extends Error {
  name = "SetupError";
}

/** A mistake on the command line: exit code 2 instead of 1. */
export class UsageError extends SetupError {
  name = "UsageError";
}

/** The one grammar of Sparring's errors: Expected WHAT for NAME but received VALUE. */
export function expected(what, name, value) {
  return new SetupError(`Expected ${what} for ${name} but received ${value}`);
}
