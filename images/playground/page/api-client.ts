import type { ErrorBody, SessionInfo } from "../src/api.ts";
import { session } from "./state.ts";

/** What the server, or through it an engine, refused. */
export class ApiError extends Error {
  readonly body: ErrorBody["error"];

  constructor(body: ErrorBody["error"]) {
    super(body.message);
    this.name = "ApiError";
    this.body = body;
  }
}

/** What is shown of an error, whatever it is. */
export function errorBody(error: unknown): ErrorBody["error"] {
  if (error instanceof ApiError) return error.body;
  return { code: "page", message: error instanceof Error ? error.message : String(error) };
}

/** Addresses are relative, so that the page works behind any prefix. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { method: "GET", ...(signal !== undefined && { signal }) });
}

export function post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    ...(signal !== undefined && { signal }),
    headers: { "content-type": "application/json", "x-csrf-token": session.value?.csrfToken ?? "" },
    body: JSON.stringify(body),
  });
}

/** One operation of an engine's console; the engine gives up what it does when `signal` is aborted. */
export function operate<T>(
  engineId: string,
  operation: string,
  body: unknown = {},
  signal?: AbortSignal,
): Promise<T> {
  return post<T>(`api/engines/${encodeURIComponent(engineId)}/${operation}`, body, signal);
}

export async function logIn(user: string, password: string): Promise<void> {
  session.value = await post<SessionInfo>("api/login", { user, password });
}

export async function logOut(): Promise<void> {
  try {
    await post("api/logout");
  } finally {
    session.value = null;
  }
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin" });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ApiError({ code: "offline", message: "The playground does not answer: is it still running?" });
  }
  const body = (await response.json().catch(() => undefined)) as unknown;
  if (response.ok) return body as T;
  const failure = (body as ErrorBody | undefined)?.error;
  if (failure?.code === "not_logged_in") session.value = null;
  throw new ApiError(failure ?? { code: "page", message: `The playground answered ${response.status}.` });
}
