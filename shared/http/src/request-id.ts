import { randomUUID } from "node:crypto";

/** The client's own `x-request-id` when it is harmless, else a new one. */
export function requestIdOf(given: string | readonly string[] | undefined): string {
  return typeof given === "string" && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}
