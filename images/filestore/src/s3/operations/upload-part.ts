import { S3Error } from "../../errors.ts";
import { encrypting } from "../../objects/encryption.ts";
import { partBytesMax, storePart } from "../../objects/multipart.ts";
import { nameContent } from "../../objects/name-content.ts";
import { requireSpace } from "../../objects/store-object.ts";
import { emptyReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import { encryptionHeaders, encryptionOfUpload } from "../encryption.ts";
import type { Operation } from "../operation.ts";
import { checksumHeader, declaredChecksum } from "../request/checksum-headers.ts";
import { requireUpload } from "./require-upload.ts";

export const uploadPartOperation: Operation = {
  name: "UploadPart",
  on: "object",
  method: "PUT",
  query: "uploadId",
  run: async (call) => {
    const { services, nowMs } = call;
    const number = partNumberOf(call);
    const uploadId = call.query("uploadId")!;
    const { upload } = await services.read((db) => {
      const found = requireUpload(db, call, "s3:PutObject", uploadId);
      requireSpace(
        db,
        services,
        Number(call.header("x-amz-decoded-content-length") ?? call.header("content-length") ?? 0),
      );
      return found;
    });
    const { checksumAlgorithm } = upload.details;
    const declared = declaredChecksum(call.headers, call.address.query);
    if (
      checksumAlgorithm !== undefined &&
      declared !== undefined &&
      declared.algorithm !== checksumAlgorithm
    ) {
      throw new S3Error(
        "InvalidRequest",
        `Checksum Type mismatch occurred, expected checksum Type: ${checksumAlgorithm.toLowerCase()}, actual checksum Type: ${declared.algorithm.toLowerCase()}`,
      );
    }
    const body = call.body({
      wantsMd5: true,
      fallback: checksumAlgorithm ?? "CRC64NVME",
      bytesMax: partBytesMax,
    });
    if (body.length === undefined && call.header("transfer-encoding") === undefined) {
      throw new S3Error("MissingContentLength");
    }
    const encryption = encryptionOfUpload(call, upload.details);
    const { source, iv } = encrypting(body.chunks(), encryption);
    const content = await services.contents.write(source);
    const algorithm = body.checksumAlgorithm!;
    const { md5: etag, bytes: size } = body;
    const value = body.checksumValue!;
    await nameContent(services, content, (db) => {
      const { upload: current } = requireUpload(db, call, "s3:PutObject", uploadId);
      const details = {
        etag,
        checksum: { algorithm, value, type: "FULL_OBJECT" as const },
        ...(iv !== undefined && { iv }),
      };
      storePart(db, services, current, { number, content, size, etag, details }, nowMs);
    });
    return emptyReply(200, {
      etag: `"${etag}"`,
      [checksumHeader(algorithm)]: value,
      ...encryptionHeaders(upload.details.encryption),
    });
  },
};

/** @throws S3Error `InvalidArgument` */
export function partNumberOf(call: Call): number {
  const text = call.query("partNumber") ?? "";
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 10_000) return number;
  throw new S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", {
    ArgumentName: "partNumber",
    ArgumentValue: text,
  });
}
