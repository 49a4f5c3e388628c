/** Options with every default filled in: nothing is missing, and nothing is undefined. */
export type Complete<T> = { [Key in keyof T]-?: Exclude<T[Key], undefined> };
