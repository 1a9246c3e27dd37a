/** Everything that can be allowed. `connect` is opening a session; `admin` is the server's own affairs. */
export const actions = ["connect", "read", "write", "schema", "admin"] as const;

export type Action = (typeof actions)[number];

/** Who somebody is and what they may do; made at login, immutable, cheap to ask (under 100 ns). */
export interface SecurityContext {
  readonly user: string;
  /** The names of the roles, synonyms resolved: `read` is `read_only`. */
  readonly roles: readonly string[];
  /**
   * Whether the user may do `action` to `object` (a table, key, collection, bucket: the engine's own name for it).
   * Without `object` the question is about all objects: an exception for any one of them makes it false.
   */
  can(action: Action, object?: string): boolean;
  /** Whether a role says that the user may not, whatever else would allow it; absent where nothing is ever denied. */
  denies?(action: Action, object?: string): boolean;
  /** Whether `action` is allowed for all objects, for some of them (then `can` decides for each), or for none. */
  scope(action: Action): Scope;
}

export type Scope = "all" | "some" | "none";
