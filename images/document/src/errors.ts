import { WeftkitError } from "@weftkit/core";
import type { Doc } from "./bson/values.ts";

/**
 * The names of MongoDB's error codes (src/mongo/base/error_codes.yml). A number that is not here is "Location<number>", as in MongoDB.
 */
export const errorNames: Readonly<Record<number, string>> = {
  1: "InternalError",
  2: "BadValue",
  4: "NoSuchKey",
  5: "GraphContainsCycle",
  6: "HostUnreachable",
  8: "UnknownError",
  9: "FailedToParse",
  10: "CannotMutateObject",
  11: "UserNotFound",
  12: "UnsupportedFormat",
  13: "Unauthorized",
  14: "TypeMismatch",
  15: "Overflow",
  16: "InvalidLength",
  17: "ProtocolError",
  18: "AuthenticationFailed",
  20: "IllegalOperation",
  21: "EmptyArrayOperation",
  22: "InvalidBSON",
  23: "AlreadyInitialized",
  24: "LockTimeout",
  26: "NamespaceNotFound",
  27: "IndexNotFound",
  28: "PathNotViable",
  29: "NonExistentPath",
  31: "RoleNotFound",
  37: "FileRenameFailed",
  40: "ConflictingUpdateOperators",
  43: "CursorNotFound",
  45: "UserDataInconsistent",
  47: "NoMatchingDocument",
  48: "NamespaceExists",
  50: "MaxTimeMSExpired",
  51: "ManualInterventionRequired",
  52: "DollarPrefixedFieldName",
  53: "InvalidIdField",
  54: "NotSingleValueField",
  56: "EmptyFieldName",
  57: "DottedFieldName",
  59: "CommandNotFound",
  61: "ShardKeyNotFound",
  64: "WriteConcernTimeout",
  66: "ImmutableField",
  67: "CannotCreateIndex",
  68: "IndexAlreadyExists",
  72: "InvalidOptions",
  73: "InvalidNamespace",
  76: "NoReplicationEnabled",
  79: "UnknownReplWriteConcern",
  85: "IndexOptionsConflict",
  86: "IndexKeySpecsConflict",
  89: "NetworkTimeout",
  91: "ShutdownInProgress",
  96: "OperationFailed",
  100: "UnsatisfiableWriteConcern",
  112: "WriteConflict",
  115: "CommandNotSupported",
  117: "ConflictingOperationInProgress",
  121: "DocumentValidationFailure",
  123: "NotAReplicaSet",
  125: "CommandFailed",
  136: "CappedPositionLost",
  146: "ExceededMemoryLimit",
  161: "IncompatibleCollationVersion",
  165: "ViewDepthLimitExceeded",
  166: "CommandNotSupportedOnView",
  167: "OptionNotSupportedOnView",
  168: "InvalidPipelineOperator",
  171: "CannotIndexParallelArrays",
  175: "QueryPlanKilled",
  181: "AmbiguousIndexKeyPattern",
  195: "ViewPipelineMaxSizeExceeded",
  197: "InvalidIndexSpecificationOption",
  206: "NoSuchSession",
  207: "InvalidUUID",
  211: "KeyNotFound",
  217: "IncompleteTransactionHistory",
  224: "QueryFeatureNotAllowed",
  225: "TransactionTooOld",
  226: "AtomicityFailure",
  229: "CannotImplicitlyCreateCollection",
  231: "InternalErrorNotSupported",
  232: "MaxSubPipelineDepthExceeded",
  233: "TooManyDocumentSequences",
  237: "CursorKilled",
  238: "NotImplemented",
  239: "SnapshotTooOld",
  241: "ConversionFailure",
  246: "SnapshotUnavailable",
  247: "ProducerConsumerQueueBatchTooLarge",
  251: "NoSuchTransaction",
  256: "TransactionCommitted",
  257: "TransactionTooLarge",
  260: "InvalidResumeToken",
  263: "OperationNotSupportedInTransaction",
  264: "TooManyLogicalSessions",
  267: "PreparedTransactionInProgress",
  280: "ChangeStreamFatalError",
  285: "TransactionCoordinatorCanceled",
  286: "ChangeStreamHistoryLost",
  290: "TransactionExceededLifetimeLimitSeconds",
  291: "NoQueryExecutionPlans",
  292: "QueryExceededMemoryLimitNoDiskUseAllowed",
  310: "OBSOLETE_TransactionAPIError",
  314: "ObjectIsBusy",
  322: "APIVersionError",
  323: "APIStrictError",
  356: "CannotDowngrade",
  359: "CannotConvertIndexToUnique",
  361: "CollectionUUIDMismatch",
  391: "ReauthenticationRequired",
  10107: "NotWritablePrimary",
  10334: "BSONObjectTooLarge",
  11000: "DuplicateKey",
  11600: "InterruptedAtShutdown",
  11601: "Interrupted",
  11602: "InterruptedDueToReplStateChange",
  13113: "MergeStageNoMatchingDocument",
  13388: "StaleConfig",
  17280: "KeyTooLong",
};

export function codeName(code: number): string {
  return errorNames[code] ?? `Location${code}`;
}

/** What a command answers when it fails, or what is wrong with one document of it. */
export class MongoError extends WeftkitError {
  /** MongoDB's number of the error. */
  readonly number: number;
  /** Fields beside code and message: keyPattern and keyValue, errInfo. */
  readonly info: Doc | undefined;
  readonly labels: readonly string[];

  constructor(number: number, message: string, options: { info?: Doc; labels?: readonly string[] } = {}) {
    super(codeName(number), message);
    this.number = number;
    this.info = options.info;
    this.labels = options.labels ?? [];
  }
}

export function badValue(message: string): MongoError {
  return new MongoError(2, message);
}

export function failedToParse(message: string): MongoError {
  return new MongoError(9, message);
}

export function typeMismatch(message: string): MongoError {
  return new MongoError(14, message);
}

export function namespaceNotFound(namespace: string): MongoError {
  return new MongoError(26, `ns does not exist: ${namespace}`);
}

export function cursorNotFound(id: bigint): MongoError {
  return new MongoError(43, `cursor id ${id} not found`);
}

export function cursorKilled(id: bigint): MongoError {
  return new MongoError(237, `cursor id ${id} was killed`);
}

/** What another transaction has changed or is changing. */
export function writeConflict(): MongoError {
  return new MongoError(
    112,
    "Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.",
  );
}

export function notSupported(what: string): MongoError {
  return new MongoError(115, `${what} is not supported by this server`);
}
