import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  childrenOf,
  isCombinable,
  textOf,
  xmlDocument,
  xmlText,
} from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";

import {
  type CompletedObject,
  completeUpload,
  type NamedPart,
  startUpload,
} from "../../objects/multipart.ts";
import { lockOfNew } from "../../objects/object-lock.ts";
import { writeConditionOf } from "../../objects/preconditions.ts";
import type { ChecksumType } from "../../storage/details.ts";
import { findCompleted, removeUpload, type Upload } from "../../storage/uploads.ts";
import { versionByRow } from "../../storage/versions.ts";
import { emptyReply, namespace, type Reply, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import { encryptionHeaders, encryptionOfRequest } from "../encryption.ts";
import { detailsOfRequest } from "../object-headers.ts";
import type { Operation } from "../operation.ts";
import { requireKey } from "../request/address.ts";
import { checksumElement, requireAlgorithm } from "../request/checksum-headers.ts";
import { aclOfNew, ownerOfNew } from "./put-object.ts";
import { requireUpload } from "./require-upload.ts";

export const createMultipartUploadOperation: Operation = {
  name: "CreateMultipartUpload",
  on: "object",
  method: "POST",
  query: "uploads",
  run: async (call) => {
    const { services, accountId, nowMs } = call;
    const key = requireKey(call.key);
    const asked = detailsOfRequest(call);
    const { algorithm, type } = askedChecksum(call);
    const { uploadId, encryption } = await services.write((db) => {
      const bucket = call.bucket(db, "s3:PutObject", key);
      const acl = aclOfNew(call, bucket, accountId);
      // Asked for now, so that who may not have it hears of it before sending anything.
      lockOfNew(bucket, asked.lock, nowMs);
      const wanted = encryptionOfRequest(call, bucket)?.stored;
      const id = startUpload(db, bucket, {
        key,
        account: ownerOfNew(call, bucket, acl),
        initiator: accountId,
        initiatedAt: nowMs,
        details: {
          ...asked,
          ...(acl !== undefined && { acl }),
          ...(wanted !== undefined && { encryption: wanted }),
          ...(algorithm !== undefined && { checksumAlgorithm: algorithm }),
          ...(type !== undefined && { checksumType: type }),
        },
      });
      return { uploadId: id, encryption: wanted };
    });
    const body = xmlDocument(
      "InitiateMultipartUploadResult",
      namespace,
      xmlText("Bucket", call.bucketName),
      xmlText("Key", key),
      xmlText("UploadId", uploadId),
    );
    return xmlReply(body, {
      ...encryptionHeaders(encryption),
      ...(algorithm !== undefined && { "x-amz-checksum-algorithm": algorithm }),
      ...(type !== undefined && { "x-amz-checksum-type": type }),
    });
  },
};

function askedChecksum(call: Call): {
  algorithm: ChecksumAlgorithm | undefined;
  type: ChecksumType | undefined;
} {
  const name = call.header("x-amz-checksum-algorithm");
  const type = call.header("x-amz-checksum-type");
  if (type !== undefined && type !== "COMPOSITE" && type !== "FULL_OBJECT") {
    throw new S3Error("InvalidRequest", "Value for x-amz-checksum-type header is invalid.");
  }
  if (name === undefined) {
    if (type !== undefined) {
      throw new S3Error(
        "InvalidRequest",
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
      );
    }
    return { algorithm: undefined, type: undefined };
  }
  const algorithm = requireAlgorithm(name);
  const isWrong =
    type === "FULL_OBJECT" ? !isCombinable(algorithm) : type === "COMPOSITE" && algorithm === "CRC64NVME";
  if (isWrong) {
    throw new S3Error(
      "InvalidRequest",
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type: type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE") };
}

export const completeMultipartUploadOperation: Operation = {
  name: "CompleteMultipartUpload",
  on: "object",
  method: "POST",
  query: "uploadId",
  run: async (call) => {
    const { services, key, nowMs } = call;
    const uploadId = call.query("uploadId")!;
    const request = await call.xml("CompleteMultipartUpload", { ignoresChecksum: true });
    const parts = childrenOf(request, "Part").map((part): NamedPart => {
      const number = Number(textOf(part, "PartNumber"));
      const etag = textOf(part, "ETag");
      if (!Number.isInteger(number) || number < 1 || number > 10_000 || etag === undefined)
        throw new S3Error("MalformedXML");
      const checksums = new Map<ChecksumAlgorithm, string>();
      for (const algorithm of checksumAlgorithms) {
        const value = textOf(part, checksumElement(algorithm));
        if (value !== undefined) checksums.set(algorithm, value);
      }
      return { number, etag: etag.replace(/^"|"$/g, ""), checksums };
    });
    const declared = declaredWhole(call);
    const size = call.header("x-amz-mp-object-size");
    const { object, upload } = await services.write((db) => {
      const before = completedBefore(db, call, uploadId);
      if (before !== undefined) return { object: before, upload: undefined };
      const { bucket, upload: found } = requireUpload(db, call, "s3:PutObject", uploadId);
      const type = call.header("x-amz-checksum-type");
      if (
        type !== undefined &&
        found.details.checksumType !== undefined &&
        type !== found.details.checksumType
      ) {
        throw new S3Error("InvalidRequest", "The checksum type of the upload is another one.");
      }
      const completed = completeUpload(db, services, bucket, found, {
        parts,
        condition: writeConditionOf(call.headers),
        checksum: declared,
        size: size === undefined ? undefined : Number(size),
        nowMs,
      });
      return { object: completed, upload: found };
    });
    return completedReply(call, key, object, upload);
  },
};

/** The checksum of the whole object that a completion may declare. */
function declaredWhole(call: Call): { algorithm: ChecksumAlgorithm; value: string } | undefined {
  for (const algorithm of checksumAlgorithms) {
    const value = call.header(`x-amz-checksum-${algorithm.toLowerCase()}`);
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/** What a completion came to that is sent once more, as its answer was lost. */
function completedBefore(
  db: Parameters<typeof requireUpload>[0],
  call: Call,
  uploadId: string,
): CompletedObject | undefined {
  const completed = findCompleted(db, uploadId);
  if (completed === undefined) return undefined;
  const bucket = call.bucket(db, "s3:PutObject", call.key);
  if (completed.bucket !== bucket.row || completed.key !== call.key) return undefined;
  const version = versionByRow(db, completed.version);
  if (version === undefined || version.bucket !== bucket.row || version.key !== call.key) return undefined;
  const { versionId, etag, details, parts } = version;
  return { versionId, etag, checksum: details.checksum, parts };
}

function completedReply(call: Call, key: string, object: CompletedObject, upload: Upload | undefined): Reply {
  const { versionId, etag, checksum, parts } = object;
  const host = call.header("host") ?? "localhost";
  const body = xmlDocument(
    "CompleteMultipartUploadResult",
    namespace,
    xmlText("Location", `http://${host}/${call.bucketName}/${encodeURIComponent(key)}`),
    xmlText("Bucket", call.bucketName),
    xmlText("Key", key),
    xmlText("ETag", `"${etag}"`),
    checksum === undefined
      ? ""
      : xmlText(
          checksumElement(checksum.algorithm),
          checksum.type === "COMPOSITE" ? `${checksum.value}-${parts}` : checksum.value,
        ),
    xmlText("ChecksumType", checksum?.type),
  );
  return xmlReply(body, {
    ...(versionId !== null && { "x-amz-version-id": versionId }),
    ...encryptionHeaders(upload?.details.encryption),
  });
}

export const abortMultipartUploadOperation: Operation = {
  name: "AbortMultipartUpload",
  on: "object",
  method: "DELETE",
  query: "uploadId",
  run: async (call) => {
    const { services } = call;
    await services.free((db) => {
      const { upload } = requireUpload(db, call, "s3:AbortMultipartUpload", call.query("uploadId")!);
      if (removeUpload(db, upload)) services.sweeper.sweep();
    });
    return emptyReply(204);
  },
};
