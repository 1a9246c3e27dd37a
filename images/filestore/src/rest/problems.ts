import { type Problem, problemKind, problems, type Route } from "@weftkit/http";
import { S3Error, type S3ErrorCode, s3ErrorOf } from "../errors.ts";

export const bucketNotFound = problemKind("bucket-not-found", 404, "The bucket does not exist");
export const objectNotFound = problemKind("object-not-found", 404, "The object does not exist");
export const versionNotFound = problemKind("version-not-found", 404, "The version does not exist");
export const uploadNotFound = problemKind("upload-not-found", 404, "The upload does not exist");
export const bucketExists = problemKind("bucket-exists", 409, "The bucket exists already");
export const bucketNotEmpty = problemKind("bucket-not-empty", 409, "The bucket is not empty");
export const objectLocked = problemKind("object-locked", 403, "The object is locked");
export const invalidBucketName = problemKind("invalid-bucket-name", 400, "A bucket cannot have this name");
export const invalidKey = problemKind("invalid-key", 400, "An object cannot have this key");
export const invalidParts = problemKind(
  "invalid-parts",
  400,
  "The upload cannot be completed with these parts",
);
export const invalidFilter = problemKind("invalid-filter", 400, "The filter cannot be read");
export const objectTooLarge = problemKind("object-too-large", 413, "The object is too large");
export const rangeNotSatisfiable = problemKind(
  "range-not-satisfiable",
  416,
  "The range is not in the object",
);
export const checksumMismatch = problemKind(
  "checksum-mismatch",
  400,
  "The content is not what was announced",
);
export const customerKeyNeeded = problemKind(
  "customer-key-needed",
  400,
  "The object is encrypted with its owner's key",
);

const kinds: Partial<Record<S3ErrorCode, (detail: string) => Problem>> = {
  NoSuchBucket: bucketNotFound,
  NoSuchKey: objectNotFound,
  NoSuchVersion: versionNotFound,
  MethodNotAllowed: objectNotFound,
  NoSuchUpload: uploadNotFound,
  BucketAlreadyExists: bucketExists,
  BucketAlreadyOwnedByYou: bucketExists,
  BucketNotEmpty: bucketNotEmpty,
  InvalidBucketName: invalidBucketName,
  KeyTooLongError: invalidKey,
  InvalidPart: invalidParts,
  InvalidPartOrder: invalidParts,
  EntityTooSmall: invalidParts,
  EntityTooLarge: objectTooLarge,
  InvalidRange: rangeNotSatisfiable,
  BadDigest: checksumMismatch,
  InvalidDigest: checksumMismatch,
  PreconditionFailed: problems.preconditionFailed,
  AccessDenied: problems.forbidden,
  InvalidRequest: problems.invalidRequest,
  InvalidArgument: problems.invalidRequest,
};

/** What both faces refuse, as problems. */
export function withProblems(route: Route): Route {
  return {
    ...route,
    handle: async (request) => {
      try {
        return await route.handle(request);
      } catch (error) {
        const { code, message } = s3ErrorOf(error);
        if (code === "ServiceUnavailable") {
          throw problems.unavailable(message, { cause: error, headers: { "retry-after": "30" } });
        }
        if (!(error instanceof S3Error)) throw error;
        const kind = kinds[code];
        if (kind === undefined) throw error;
        throw kind(message);
      }
    },
  };
}
