import type { IncomingHttpHeaders } from "node:http";
import type { Action, SecurityContext } from "@weftkit/auth";
import type { Static, TObject, TSchema } from "typebox";
import type { Answer } from "./answer.ts";
import type { ProblemKind } from "./problem.ts";

/** A body that is JSON of this form. */
export interface JsonBody<Schema extends TSchema> {
  readonly kind: "json";
  readonly schema: Schema;
  readonly bytesMax: number;
}

/** A body that is UTF-8 text. */
export interface TextBody {
  readonly kind: "text";
  readonly bytesMax: number;
}

/** A body of any bytes, in memory. */
export interface BytesBody {
  readonly kind: "bytes";
  readonly bytesMax: number;
}

/** A body that the handler reads chunk by chunk; reading beyond the limit throws. */
export interface StreamBody {
  readonly kind: "stream";
  readonly bytesMax: number;
}

export type Body = JsonBody<TSchema> | TextBody | BytesBody | StreamBody;

/** Bodies by media type; the type `*` + `/*` takes every other. */
export type Bodies = Readonly<Record<string, Body>>;

type BodyValue<B extends Body> = B extends JsonBody<infer Schema>
  ? Static<Schema>
  : B extends TextBody
    ? string
    : B extends BytesBody
      ? Buffer
      : AsyncIterable<Buffer>;

/** What was sent: which of the types the route takes, the full media type as sent, and the value. */
export type SentBody<B extends Bodies> = {
  [Type in keyof B]: { readonly type: Type; readonly mediaType: string; readonly value: BodyValue<B[Type]> };
}[keyof B];

/** A request that may be served: known who from, checked against its route's schemas. */
export interface HttpRequest<Params = unknown, Query = unknown, Sent = unknown> {
  readonly id: string;
  readonly user: SecurityContext;
  readonly params: Params;
  readonly query: Query;
  readonly body: Sent;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client is gone or the engine closes. */
  readonly signal: AbortSignal;
}

/** What a response can be, for the OpenAPI document. */
export interface ResponseDoc {
  readonly description: string;
  /** By media type; `undefined` as a schema stands for bytes or text of any form. */
  readonly content?: Readonly<Record<string, TSchema | undefined>>;
  /** Names and meanings of headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the API: how it is reached, who may, what goes in and out, and what does it. */
export interface Route<
  Params extends TObject = TObject,
  Query extends TObject = TObject,
  B extends Bodies = Bodies,
> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/collections/{name}`; a last part `{id...}` takes the rest of the path, slashes included. */
  readonly path: string;
  /** The operation's name in the OpenAPI document. */
  readonly operation: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the user must be allowed; without an object, for at least one object: the handler then asks for each. */
  readonly access: { readonly action: Action; object?(params: Static<Params>): string };
  readonly params: Params;
  readonly query: Query;
  readonly body?: B;
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  /** What can go wrong besides what always can. */
  readonly problems: readonly ProblemKind[];
  handle(request: HttpRequest<Static<Params>, Static<Query>, SentBody<B>>): Promise<Answer> | Answer;
}

/** Lets the schemas decide the types of what the handler gets. */
export function route<Params extends TObject, Query extends TObject, B extends Bodies = Record<never, never>>(
  definition: Route<Params, Query, B>,
): Route {
  return definition as unknown as Route;
}
