import { AwsError, type AwsErrorFields } from "@weftkit/http-aws";
import type { Item } from "./items/attribute-value.ts";

const namespace = "com.amazonaws.dynamodb.v20120810";

function ofService(code: string, message: string, fields?: AwsErrorFields): AwsError {
  return new AwsError(namespace, code, message, fields === undefined ? {} : { fields });
}

export function validation(message: string): AwsError {
  return AwsError.validation(message);
}

/** "One or more parameter values were invalid: ..." */
export function invalidParameter(what: string): AwsError {
  return validation(`One or more parameter values were invalid: ${what}`);
}

export function serialization(message: string): AwsError {
  return AwsError.service("SerializationException", message);
}

export function unknownOperation(): AwsError {
  return AwsError.service("UnknownOperationException", "");
}

/** An operation of AWS's that needs what one engine does not have. */
export function unsupported(operation: string, reason: string): AwsError {
  return AwsError.service(
    "UnknownOperationException",
    `${operation} is not supported by this endpoint: ${reason}`,
  );
}

export function resourceError(code: string, message: string): AwsError {
  return ofService(code, message);
}

/** Of operations on items, which do not say which table. */
export function noSuchResource(): AwsError {
  return ofService("ResourceNotFoundException", "Requested resource not found");
}

/** Of operations on tables. */
export function noSuchTable(name: string): AwsError {
  return ofService("ResourceNotFoundException", `Requested resource not found: Table: ${name} not found`);
}

export function resourceNotFound(message: string): AwsError {
  return ofService("ResourceNotFoundException", message);
}

export function resourceInUse(message: string): AwsError {
  return ofService("ResourceInUseException", message);
}

export function limitExceeded(message: string): AwsError {
  return ofService("LimitExceededException", message);
}

/** `item` is what the item was, for those who asked for it. */
export function conditionFailed(item: Item | undefined): AwsError {
  return ofService(
    "ConditionalCheckFailedException",
    "The conditional request failed",
    item === undefined ? undefined : { Item: item },
  );
}

export function duplicateItem(item?: Item): AwsError {
  return ofService(
    "DuplicateItemException",
    "Duplicate primary key exists in table",
    item === undefined ? undefined : { Item: item },
  );
}

export interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

export function transactionCanceled(reasons: readonly CancellationReason[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(", ");
  return ofService(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

export function idempotentParameterMismatch(): AwsError {
  return ofService(
    "IdempotentParameterMismatchException",
    "The client token has already been used with different request parameters",
  );
}

export function accessDenied(user: string, operation: string, resource: string): AwsError {
  return AwsError.service(
    "AccessDeniedException",
    `User: arn:aws:iam::000000000000:user/${user} is not authorized to perform: dynamodb:${operation} on resource: ${resource}`,
  );
}

export function throttled(): AwsError {
  return new AwsError(
    "com.amazon.coral.availability",
    "ThrottlingException",
    "Rate of requests exceeds the allowed throughput.",
  );
}

export function trimmedData(): AwsError {
  return ofService(
    "TrimmedDataAccessException",
    "The operation attempted to read past the oldest stream record in a shard",
  );
}

export function expiredIterator(): AwsError {
  return ofService("ExpiredIteratorException", "The iterator has expired: ask for another one");
}

export function internal(cause: unknown): AwsError {
  return new AwsError(namespace, "InternalServerError", "Internal server error", { status: 500, cause });
}

/** The store cannot write now. */
export function unavailable(message: string, cause: unknown): AwsError {
  return new AwsError(namespace, "ServiceUnavailable", message, { status: 503, cause });
}
