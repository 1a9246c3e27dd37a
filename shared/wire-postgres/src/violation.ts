import { WeftkitError } from "@weftkit/core";

/** What a peer sent is not the protocol: the code is the SQLSTATE that PostgreSQL answers with. */
export type WireError = WeftkitError & { readonly code: "08P01" | "0A000" | "54000" };

/** An error for a message that breaks the protocol (SQLSTATE 08P01, protocol_violation, unless told otherwise). */
export function violation(message: string, code: WireError["code"] = "08P01"): WireError {
  return new WeftkitError(code, message) as WireError;
}

/** Whether an error came from reading what a peer sent. */
export function isWireError(error: unknown): error is WireError {
  return error instanceof WeftkitError && ["08P01", "0A000", "54000"].includes(error.code);
}
