import { WeftkitError } from "@weftkit/core";
import type { ContractErrorCode, ErrorReply } from "../contract/messages.ts";

/** A request's failure as the contract knows it: what is thrown here is what the client is told. */
export class ContractFailure extends WeftkitError {
  declare readonly code: ContractErrorCode;
  readonly details: Pick<ErrorReply, "limits" | "missing" | "head">;

  constructor(
    code: ContractErrorCode,
    message: string,
    details: Pick<ErrorReply, "limits" | "missing" | "head"> & { readonly cause?: unknown } = {},
  ) {
    const { cause, ...rest } = details;
    super(code, message, cause === undefined ? undefined : { cause });
    this.name = "ContractFailure";
    this.details = rest;
  }
}
