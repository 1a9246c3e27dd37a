import { WeftkitError } from "@weftkit/core";

/** The codes of Neo4j that this engine answers with, and the GQLSTATUS of those that have one of their own. */
export const statusCodes = {
  "Neo.ClientError.Statement.SyntaxError": "42001",
  "Neo.ClientError.Statement.SemanticError": "50N42",
  "Neo.ClientError.Statement.TypeError": "22G03",
  "Neo.ClientError.Statement.ArgumentError": "50N42",
  "Neo.ClientError.Statement.ArithmeticError": "50N42",
  "Neo.ClientError.Statement.EntityNotFound": "50N42",
  "Neo.ClientError.Statement.ParameterMissing": "50N42",
  "Neo.ClientError.Statement.PropertyNotFound": "50N42",
  "Neo.ClientError.Statement.AccessMode": "50N42",
  "Neo.ClientError.Statement.ExternalResourceFailed": "50N42",
  "Neo.ClientError.Statement.NotSystemDatabaseError": "50N42",
  "Neo.ClientError.Statement.UnsupportedOperationError": "50N42",
  "Neo.ClientError.Schema.ConstraintValidationFailed": "50N42",
  "Neo.ClientError.Schema.ConstraintAlreadyExists": "50N42",
  "Neo.ClientError.Schema.ConstraintWithNameAlreadyExists": "50N42",
  "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists": "50N42",
  "Neo.ClientError.Schema.IndexAlreadyExists": "50N42",
  "Neo.ClientError.Schema.IndexNotFound": "50N42",
  "Neo.ClientError.Schema.IndexWithNameAlreadyExists": "50N42",
  "Neo.ClientError.Schema.ForbiddenOnConstraintIndex": "50N42",
  "Neo.DatabaseError.Schema.IndexDropFailed": "50N42",
  "Neo.DatabaseError.Schema.ConstraintDropFailed": "50N42",
  "Neo.DatabaseError.Schema.ConstraintCreationFailed": "50N42",
  "Neo.ClientError.Procedure.ProcedureNotFound": "50N42",
  "Neo.ClientError.Procedure.ProcedureCallFailed": "50N42",
  "Neo.ClientError.Database.DatabaseNotFound": "50N42",
  "Neo.ClientError.Request.Invalid": "08N06",
  "Neo.ClientError.Request.InvalidFormat": "08N06",
  "Neo.ClientError.Security.Unauthorized": "42NFF",
  "Neo.ClientError.Security.Forbidden": "42NFF",
  "Neo.ClientError.Transaction.InvalidBookmark": "08N12",
  "Neo.ClientError.Transaction.TransactionNotFound": "08N06",
  "Neo.ClientError.Transaction.TransactionTimedOut": "50N42",
  "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration": "50N42",
  "Neo.DatabaseError.Transaction.TransactionStartFailed": "50N42",
  "Neo.TransientError.Transaction.Terminated": "50N42",
  "Neo.TransientError.Transaction.DeadlockDetected": "50N42",
  "Neo.TransientError.Transaction.LockAcquisitionTimeout": "50N42",
  "Neo.TransientError.Transaction.LockClientStopped": "50N42",
  "Neo.TransientError.Transaction.Outdated": "50N42",
  "Neo.TransientError.General.MemoryPoolOutOfMemoryError": "50N42",
  "Neo.TransientError.General.DatabaseUnavailable": "50N42",
  "Neo.TransientError.Request.NoThreadsAvailable": "50N42",
  "Neo.DatabaseError.General.UnknownError": "50N00",
  "Neo.DatabaseError.Statement.ExecutionFailed": "50N42",
} as const;

export type StatusCode = keyof typeof statusCodes;

/** Whether a query was refused before it ran, or failed while it did. */
export type ErrorPhase = "compile" | "runtime";

/** An error as Neo4j's clients know it. */
export class CypherError extends WeftkitError {
  declare readonly code: StatusCode;
  readonly gqlStatus: string;
  readonly phase: ErrorPhase;
  /** Where in the query, in characters; known for what is wrong with its text. */
  readonly at: number | undefined;

  constructor(
    code: StatusCode,
    message: string,
    options: {
      readonly gqlStatus?: string;
      readonly phase?: ErrorPhase;
      readonly at?: number;
    } & ErrorOptions = {},
  ) {
    super(code, message, options);
    this.name = "CypherError";
    this.gqlStatus = options.gqlStatus ?? statusCodes[code];
    this.phase = options.phase ?? "runtime";
    this.at = options.at;
  }
}

/** Something is wrong with the text of a query. */
export function syntaxError(message: string, at: number, gqlStatus = "50N42"): CypherError {
  return new CypherError("Neo.ClientError.Statement.SyntaxError", message, {
    phase: "compile",
    at,
    gqlStatus,
  });
}

export function typeError(message: string): CypherError {
  return new CypherError("Neo.ClientError.Statement.TypeError", message, { gqlStatus: "50N42" });
}

export function argumentError(message: string): CypherError {
  return new CypherError("Neo.ClientError.Statement.ArgumentError", message);
}

export function arithmeticError(message: string, gqlStatus?: string): CypherError {
  return new CypherError(
    "Neo.ClientError.Statement.ArithmeticError",
    message,
    gqlStatus ? { gqlStatus } : {},
  );
}

export function semanticError(message: string): CypherError {
  return new CypherError("Neo.ClientError.Statement.SemanticError", message);
}

export function unsupported(what: string): CypherError {
  return new CypherError("Neo.ClientError.Statement.UnsupportedOperationError", `${what} is not supported`, {
    phase: "compile",
  });
}

/** The line of a query's text that a position is in, as Neo4j's messages show it. */
export function withPosition(message: string, text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = text.indexOf("\n", at);
  const shown = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
  const column = at - lineStart + 1;
  return `${message} (line ${line}, column ${column} (offset: ${at}))\n"${shown}"\n${" ".repeat(column)}^`;
}
