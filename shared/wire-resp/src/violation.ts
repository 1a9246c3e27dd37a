import { WeftkitError } from "@weftkit/core";

/** What a peer sent is not the protocol; the message is Redis's own, without "ERR Protocol error: ". */
export type WireError = WeftkitError & { readonly code: "resp_violation" };

export function violation(message: string): WireError {
  return new WeftkitError("resp_violation", message) as WireError;
}

/** Whether an error came from reading what a peer sent. */
export function isWireError(error: unknown): error is WireError {
  return error instanceof WeftkitError && error.code === "resp_violation";
}
