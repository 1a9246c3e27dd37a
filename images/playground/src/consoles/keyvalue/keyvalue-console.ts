import { systemClock } from "@weftkit/core";
import { type Static, Type } from "typebox";
import type { Json, KeyValueAnswer } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { type Call, type Console, loginOf, operation } from "../console.ts";
import { HttpConnection } from "../http/http-connection.ts";
import { parseAnswer } from "../http/rest-console.ts";
import { signAws } from "../http/sign-aws.ts";

const onlyThese = { additionalProperties: false } as const;
const askSchema = Type.Object(
  {
    /** An operation of DynamoDB's API; the engine says which there are, and what its user may. */
    operation: Type.String({ pattern: "^[A-Z][A-Za-z]{1,60}$" }),
    request: Type.String({ maxLength: 3 * 1024 ** 2 }),
  },
  onlyThese,
);

/** DynamoDB's API: any of its operations, signed as the user who is logged in. */
export const keyvalueConsole: Console = { ask: operation(askSchema, ask) };

async function ask(call: Call<Static<typeof askSchema>>): Promise<KeyValueAnswer> {
  const { operation: name, request } = call.body;
  requireJson(request);
  const connection = await HttpConnection.of(call);
  const startedMs = systemClock.monotonicMs();
  const headers = await signAws(loginOf(call), {
    method: "POST",
    url: `${connection.origin}/`,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${name}` },
    body: request,
    service: "dynamodb",
  });
  const answer = await connection.ask({
    method: "POST",
    path: "/",
    headers,
    body: request,
    signal: call.signal,
  });
  const body = parseAnswer(answer.text);
  if (answer.status !== 200) throw refusal(answer.status, body);
  return { body, durationMs: systemClock.monotonicMs() - startedMs };
}

function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new PlaygroundError("invalid_request", `the request is not JSON: ${(error as Error).message}`);
  }
}

function refusal(status: number, body: Json): PlaygroundError {
  const { __type, message, Message } = body as Record<string, Json | undefined>;
  const engineCode = String(__type ?? status).replace(/^.*#/, "");
  return new PlaygroundError("engine_refused", String(message ?? Message ?? `it answered ${status}`), {
    engineCode,
  });
}
