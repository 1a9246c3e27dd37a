import type { Reply } from "./answer/reply.ts";
import type { Call } from "./call.ts";

/** An operation of the API: how it is told from others, and what does it. */
export interface Operation {
  /** AWS's name. */
  readonly name: string;
  readonly on: "service" | "bucket" | "object";
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** A parameter of the query that must be there. */
  readonly query?: string;
  /** A value that it must have. */
  readonly queryValue?: string;
  /** A header that must be there. */
  readonly header?: string;
  /** Its signature is in a form that it sends, and it looks at it by itself. */
  readonly isSignedInBody?: boolean;
  run(call: Call): Promise<Reply>;
}
