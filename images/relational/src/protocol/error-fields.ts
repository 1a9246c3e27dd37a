import { type ErrorFields, isWireError } from "@weftkit/wire-postgres";
import { PgError } from "../errors.ts";

/** What the client is told of an error; `undefined` for one that no code of ours throws on purpose, which is a defect. */
export function errorFields(error: unknown, severity: "ERROR" | "FATAL" = "ERROR"): ErrorFields | undefined {
  if (error instanceof PgError)
    return { severity, code: error.code, message: error.message, ...error.details };
  if (isWireError(error)) return { severity, code: error.code, message: error.message };
  return undefined;
}
