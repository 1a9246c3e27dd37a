import type { RestAnswer } from "../../src/api.ts";
import { operate } from "../api-client.ts";

export interface RestOptions {
  readonly query?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | object;
  /** Of the body; of what a request without one begins. */
  readonly type?: string;
  readonly accept?: "application/json" | "text/markdown";
  readonly ifMatch?: string;
  readonly ifNoneMatch?: "*";
  readonly signal?: AbortSignal;
}

/** Asks an engine's REST interface: `ask("GET", ["collections", "wiki", "documents"])`. */
export type AskRest = (
  method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE",
  path: readonly string[],
  options?: RestOptions,
) => Promise<RestAnswer>;

export function restOf(engineId: string): AskRest {
  return (method, path, { body, signal, ...options } = {}) => {
    const sent = typeof body === "object" ? JSON.stringify(body) : body;
    const request = { method, path, ...options, ...(sent !== undefined && { body: sent }) };
    return operate<RestAnswer>(engineId, "ask", request, signal);
  };
}
