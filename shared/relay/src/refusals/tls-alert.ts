import type { RefusalReason } from "./reason.ts";

/** AlertDescription of RFC 8446, 6. */
const unrecognizedName = 112;
const internalError = 80;

/** A fatal alert in plain text: all that a client is told whose TLS is not ended here. */
export function tlsAlert(reason: RefusalReason): Buffer {
  return Buffer.from([0x15, 3, 3, 0, 2, 2, reason === "no_route" ? unrecognizedName : internalError]);
}
