// What the native addon shows of ranks that train together.

/** Where a rank meets the others. */
export interface NativeMeeting {
  readonly rank: number;
  readonly size: number;
  readonly host: string;
  readonly port: number;
  /** An agent keeps the store there; else rank 0 does. */
  readonly hasAgent: boolean;
  /** What all keys in the store begin with. */
  readonly prefix: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** What this rank says of itself. */
  readonly greeting: string;
  /** Why it cannot take part: it comes only to tell the others. Empty where it can. */
  readonly failure: string;
}

/** What a rank may be in: where another is in something else, both are told. */
export type Call = "gather()" | "barrier()" | "run()" | "save()" | "setOptimizer()";

export interface NativeGroup {
  /** What each rank said of itself. */
  readonly greetings: readonly string[];
  /** One text of each rank; all of them have to ask. */
  gather(text: string, call: Call): Promise<string[]>;
  /** Tells the others of a failure of this rank, and leaves. */
  abandon(reason: string): Promise<void>;
  dispose(): void;
}
