import type { Fields } from "../fields/fields.ts";

/** Why front matter cannot be read as it is meant to be; what can be read of it was. */
export interface FrontMatterError {
  readonly message: string;
  /** In the text, from 1. */
  readonly line: number;
  readonly column: number;
}

/** What could be read between the fences; no fields at all when it is no map. */
export interface ReadFields {
  readonly fields: Fields | undefined;
  /** Its line is that between the fences, from 1. */
  readonly error?: FrontMatterError;
}
