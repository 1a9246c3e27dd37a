import { WeftkitError } from "@weftkit/core";

/** What an error or notice tells beside its message; the fields of the protocol's ErrorResponse. */
export interface ErrorDetails {
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** Where in the statement's text, in characters from 1. */
  readonly position?: number | undefined;
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly dataType?: string | undefined;
  readonly constraint?: string | undefined;
  /** The name of PostgreSQL's function that reports it, for those that clients match on. */
  readonly routine?: string | undefined;
}

/** An error with a SQLSTATE, as PostgreSQL reports it. `code` is the SQLSTATE. */
export class PgError extends WeftkitError {
  readonly details: ErrorDetails;
  /** Bytes into the statement's source from 0, until the session has turned it into `details.position`. */
  location: number | undefined;

  constructor(sqlstate: string, message: string, details: ErrorDetails = {}, location?: number) {
    super(sqlstate, message);
    this.name = "PgError";
    this.details = details;
    this.location = location;
  }

  /** The same error at a place in the statement, unless it has one. */
  at(location: number | undefined): this {
    if (this.location === undefined && location !== undefined && location >= 0) this.location = location;
    return this;
  }
}

/** 0A000: a feature that is not there, by the name that PostgreSQL's documentation gives it. */
export function notSupported(feature: string, location?: number): PgError {
  return new PgError("0A000", `${feature} is not supported`, {}, location);
}

export function syntaxError(message: string, location?: number): PgError {
  return new PgError("42601", message, {}, location);
}

/** 22P02, with the words that PostgreSQL has for it. */
export function invalidText(typeName: string, text: string): PgError {
  return new PgError("22P02", `invalid input syntax for type ${typeName}: "${text}"`);
}

export function outOfRange(message: string): PgError {
  return new PgError("22003", message);
}

export function divisionByZero(): PgError {
  return new PgError("22012", "division by zero");
}

export function insufficientPrivilege(kind: string, name: string): PgError {
  return new PgError("42501", `permission denied for ${kind} ${name}`);
}

/** An invariant of our own that does not hold: XX000, and never a wrong row. */
export function must(condition: unknown, message: string): asserts condition {
  if (!condition) throw new PgError("XX000", message);
}
