import { systemClock } from "@weftkit/core";
import { type Static, Type } from "typebox";
import type { Json, RestAnswer } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { type Call, type Console, operation } from "../console.ts";
import { basicOf, type HttpAnswer, HttpConnection } from "./http-connection.ts";

const onlyThese = { additionalProperties: false } as const;

/** A request of an engine's own interface below /v1: the parts of its path, its query, its body. */
export const restSchema = Type.Object(
  {
    method: Type.Enum(["GET", "PUT", "POST", "PATCH", "DELETE"]),
    path: Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), { minItems: 1, maxItems: 64 }),
    query: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 4096 }))),
    /** JSON, or a text of the type that is said. */
    body: Type.Optional(Type.String({ maxLength: 3 * 1024 ** 2 })),
    type: Type.Optional(
      Type.String({ maxLength: 200, pattern: "^[\\w.+-]+/[\\w.+-]+(?:;[\\x20-\\x7e]*)?$" }),
    ),
    accept: Type.Optional(Type.Enum(["application/json", "text/markdown"])),
    /** The version that is to be replaced. */
    ifMatch: Type.Optional(Type.String({ maxLength: 200 })),
    ifNoneMatch: Type.Optional(Type.Literal("*")),
  },
  onlyThese,
);

export type RestRequest = Static<typeof restSchema>;

/** What every engine with a REST interface can be asked for, as the user who is logged in. */
export const restConsole: Console = { ask: operation(restSchema, askRest) };

async function askRest(call: Call<RestRequest>): Promise<RestAnswer> {
  const startedMs = systemClock.monotonicMs();
  const answer = await sendRest(call, call.body);
  const etag = answer.headers.etag;
  const isJson = (answer.headers["content-type"] ?? "").includes("json");
  return {
    body: isJson ? parseAnswer(answer.text) : answer.text,
    ...(etag !== undefined && { etag }),
    durationMs: systemClock.monotonicMs() - startedMs,
  };
}

/** The JSON of an answer. @throws PlaygroundError where it is none */
export function parseAnswer(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const message = "the engine answered what is no JSON: is it the engine that is configured?";
    throw new PlaygroundError("engine_unreachable", message, {}, { cause: error });
  }
}

/** Asks below /v1. @throws PlaygroundError `engine_refused` with the problem that was answered */
export async function sendRest(call: Call, request: RestRequest): Promise<HttpAnswer> {
  const { method, path, query, body, accept, ifMatch, ifNoneMatch } = request;
  const type = request.type ?? (body === undefined ? undefined : "application/json");
  const connection = await HttpConnection.of(call);
  const answer = await connection.ask({
    method,
    path: pathOf(path, query),
    headers: {
      ...basicOf(call),
      accept: accept ?? "application/json",
      ...(type !== undefined && { "content-type": type }),
      ...(ifMatch !== undefined && { "if-match": ifMatch }),
      ...(ifNoneMatch !== undefined && { "if-none-match": ifNoneMatch }),
    },
    ...(body !== undefined && { body }),
    signal: call.signal,
  });
  if (answer.status >= 300) throw refusalOf(answer);
  return answer;
}

/** A path below /v1: a slash in a part is one of its own. */
export function pathOf(parts: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `/v1/${parts.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
}

/** What an engine's answer that is not 2xx says: problem details (RFC 9457), or gRPC's `code` and `message`. */
export function refusalOf({ status, text }: Pick<HttpAnswer, "status" | "text">): PlaygroundError {
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not JSON: its status is what there is to say.
  }
  const { type, title, detail, message, code, errors } = body;
  const named = typeof type === "string" ? type.replace(/^urn:weftkit:problem:/, "") : code;
  const places = Array.isArray(errors) ? (errors as Record<string, unknown>[]) : [];
  const details = places.map(
    ({ pointer, name, detail }) => `${String(pointer ?? name ?? "")} ${String(detail)}`,
  );
  return new PlaygroundError(
    status === 404 ? "not_found" : "engine_refused",
    String(detail ?? message ?? title ?? `the engine answered ${status}`),
    { engineCode: String(named ?? status), ...(details.length > 0 && { detail: details.join("; ") }) },
  );
}
