import { WeftkitError } from "@weftkit/core";
import { documentOf, doubleElement, intElement, listElement, textElement } from "@weftkit/wire-mongo";

/** An error that the pool answers by itself, as a server would; servers' own are passed on. */
export class MongoPoolError extends WeftkitError {
  readonly number: number;
  readonly codeName: string;

  constructor(number: number, codeName: string, message: string) {
    super("refused", message);
    this.number = number;
    this.codeName = codeName;
  }

  document(labels: readonly string[] = []): Buffer {
    return documentOf([
      doubleElement("ok", 0),
      textElement("errmsg", this.message),
      intElement("code", this.number),
      textElement("codeName", this.codeName),
      ...(labels.length > 0 ? [listElement("errorLabels", labels)] : []),
    ]);
  }
}

/** Drivers try again after the codes of servers that cannot be reached, which are the first two. */
export const mongoErrors = {
  unreachable: (why: string) => new MongoPoolError(6, "HostUnreachable", `the pool has no server: ${why}`),
  queueTimeout: () =>
    new MongoPoolError(
      262,
      "ExceededTimeLimit",
      "query_wait_timeout: all server connections were busy for too long",
    ),
  unauthorized: (name: string) =>
    new MongoPoolError(13, "Unauthorized", `Command ${name} requires authentication`),
  badLogin: () => new MongoPoolError(18, "AuthenticationFailed", "Authentication failed."),
  mechanism: (name: string) =>
    new MongoPoolError(
      334,
      "MechanismUnavailable",
      `the pool knows SCRAM-SHA-256 only: "${name}" is not supported through it`,
    ),
  noLogin: () => new MongoPoolError(17, "ProtocolError", "No SASL session state found"),
  noCursor: (id: bigint) => new MongoPoolError(43, "CursorNotFound", `cursor id ${id} not found`),
  busyTransaction: () =>
    new MongoPoolError(
      117,
      "ConflictingOperationInProgress",
      "another connection is running a command of this transaction",
    ),
  oldQuery: () =>
    new MongoPoolError(352, "UnsupportedOpQueryCommand", "OP_QUERY is supported for hello only: use OP_MSG"),
} as const;
