// The set-up's own eyes: what a rebuild would find is for it alone to say. Its scripts are part of
// the package, and run before anything is compiled.

/** The libtorch in a folder. */
export interface FoundLibtorch {
  /** The folder that holds include/ and lib/. */
  readonly directory: string;
  readonly version: string;
  /** The CUDA that it was built with; null for a CPU build. */
  readonly cuda: string | null;
  /** `2.13.0 (cpu)` */
  readonly label: string;
}

interface Setup {
  readonly tools: {
    /** Throws with a sentence where this Node is too old. */
    checkNode(): void;
    /** Throws with a sentence for each tool that is missing. */
    checkTools(): Promise<{ readonly label: string; readonly launcher: string | null }>;
  };
  readonly probe: {
    probe(folder: string): {
      readonly libtorch?: FoundLibtorch | undefined;
      readonly problem?: string | undefined;
    };
  };
  readonly cache: {
    cacheFolder(): string;
    cachedLibtorch(folder: string, wish: { cuda: boolean }): FoundLibtorch | undefined;
  };
  readonly libtorch: {
    /** Null where LIBTORCH is not set; throws where it names none. */
    namedLibtorch(environment: NodeJS.ProcessEnv, wish: { cuda: boolean }): FoundLibtorch | null;
    hasNvidiaDriver(): boolean;
  };
}

const folder = new URL("../../scripts/setup/", import.meta.url);

/** Loads a part of the set-up. */
export function setup<Part extends keyof Setup>(part: Part): Promise<Setup[Part]> {
  return import(new URL(`${part}.mjs`, folder).href);
}
