import { WeftkitError } from "@weftkit/core";

/**
 * What is wrong with the bytes of a peer:
 *
 * - `malformed_message`: a header, a section or a length that cannot be; the connection cannot go on
 * - `message_too_long`
 * - `invalid_bson`: the frame is whole, a document in it is not one: MongoDB answers code 22
 * - `unknown_compressor`
 * - `checksum`
 */
export type WireMongoErrorCode =
  | "malformed_message"
  | "message_too_long"
  | "invalid_bson"
  | "unknown_compressor"
  | "checksum";

/** `code` is one of `WireMongoErrorCode`. */
export class WireMongoError extends WeftkitError {
  declare readonly code: WireMongoErrorCode;
}
