import type { AwsError } from "@weftkit/http-aws";
import { validation } from "../errors.ts";

/** Makes the error of a fault in a request. */
export type Fault = (message: string) => AwsError;

export const bare: Fault = validation;

/** Since 2026 the writes of single items tell of all faults in a request's members in the words of constraints. */
export const enveloped: Fault = (message) => validation(`1 validation error detected: ${message}`);
