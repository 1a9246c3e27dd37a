import type { Readable } from "node:stream";
import type { Static, TSchema } from "typebox";
import type { ConfiguredEngine } from "../engines/engine-list.ts";
import type { Session } from "../sessions/session.ts";

/** Who asks an engine for what. */
export interface Call<Body = unknown> {
  readonly engine: ConfiguredEngine;
  readonly session: Session;
  readonly body: Body;
  /** Aborted when the browser does not wait any more. */
  readonly signal: AbortSignal;
}

/** One thing that a console does; its answer goes to the page as JSON. */
export interface Operation {
  /** The request's body, JSON of this form. */
  readonly schema: TSchema;
  run(call: Call): Promise<unknown>;
}

/** What a console can do, by the last part of the address: POST /api/engines/ID/NAME. */
export type Console = Readonly<Record<string, Operation>>;

/** Bytes that go between the page and an engine without being held as a whole; `call.body` is the query, of the schema's form. */
export interface Transfers {
  /** PUT /api/engines/ID/upload. @returns what goes to the page as JSON */
  readonly upload: {
    readonly schema: TSchema;
    run(call: Call, body: Readable, bytes: number): Promise<unknown>;
  };
  /** GET /api/engines/ID/download, with the range that was asked for. */
  readonly download: {
    readonly schema: TSchema;
    run(call: Call, range: string | undefined): Promise<Download>;
  };
}

/** An answer that is passed on. */
export interface Download {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Lets the schema decide the type of the body. */
export function operation<Schema extends TSchema>(
  schema: Schema,
  run: (call: Call<Static<Schema>>) => Promise<unknown>,
): Operation {
  return { schema, run: run as Operation["run"] };
}

/** How a login at an engine begins: the user's own. */
export function loginOf({ session }: Pick<Call, "session">): { user: string; password: string } {
  return { user: session.user.user, password: session.password };
}

/** TLS towards an engine, in the form of Node's `tls.connect`; undefined where it is spoken to in plain TCP. */
export function tlsOf({ backend, tls }: ConfiguredEngine) {
  if (!backend.tls) return undefined;
  return {
    ...(tls.ca !== undefined && { ca: tls.ca }),
    rejectUnauthorized: tls.verify,
    servername: backend.host,
  };
}
