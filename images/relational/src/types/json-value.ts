import type { Numeric } from "./numeric.ts";

/** JSON as jsonb keeps it: numbers exact, members sorted by length of the key in bytes and then by its bytes. */
export type Json = null | boolean | string | Numeric | readonly Json[] | JsonObject;

export class JsonObject {
  readonly members: ReadonlyMap<string, Json>;
  constructor(members: ReadonlyMap<string, Json>) {
    this.members = members;
  }
}
