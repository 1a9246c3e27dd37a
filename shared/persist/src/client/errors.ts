import { WeftkitError } from "@weftkit/core";
import type { ContractErrorCode, ErrorReply } from "../contract/messages.ts";

/**
 * `unreachable`: no answer of the function came, or none of its own (a proxy's 502, a platform's 429); trying later may help.
 * `forged_reply`: an answer came that the function's key has not signed, or that is not of the contract's shape.
 */
export type EndpointErrorCode = ContractErrorCode | "unreachable" | "forged_reply";

/** What a call of the endpoint failed with. Only signed replies give the contract's codes. */
export class EndpointError extends WeftkitError {
  declare readonly code: EndpointErrorCode;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** What the function said, when it was the function. */
  readonly reply: ErrorReply | undefined;
  /** How long the answer asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: EndpointErrorCode,
    message: string,
    details: { status?: number; reply?: ErrorReply; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "EndpointError";
    this.status = details.status;
    this.reply = details.reply;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Codes after which the same request is sent again; after others something else must happen first. */
const resent: ReadonlySet<EndpointErrorCode> = new Set([
  "unreachable",
  "hash_mismatch",
  "too_many_requests",
  "store_failed",
  "unavailable",
]);

export function isResent(error: unknown): error is EndpointError {
  return error instanceof EndpointError && resent.has(error.code);
}
