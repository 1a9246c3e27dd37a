import { createHash } from "node:crypto";
import { runningChecksum, xmlDocument, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { encrypting } from "../../objects/encryption.ts";
import { partBytesMax, storePart } from "../../objects/multipart.ts";
import { nameContent } from "../../objects/name-content.ts";
import { readCopyRange } from "../../objects/range.ts";
import { pinSegments, readSegments } from "../../objects/read-object.ts";
import { isoTime, namespace, xmlReply } from "../answer/reply.ts";
import { encryptionHeaders, encryptionOfUpload } from "../encryption.ts";
import type { Operation } from "../operation.ts";
import { checksumElement } from "../request/checksum-headers.ts";
import { copySourceOf } from "./copy-source.ts";
import { requireUpload } from "./require-upload.ts";
import { partNumberOf } from "./upload-part.ts";

export const uploadPartCopyOperation: Operation = {
  name: "UploadPartCopy",
  on: "object",
  method: "PUT",
  query: "uploadId",
  header: "x-amz-copy-source",
  run: async (call) => {
    const { services, nowMs } = call;
    const number = partNumberOf(call);
    const uploadId = call.query("uploadId")!;
    const { upload, from, release } = await services.read((db) => {
      const { upload: found } = requireUpload(db, call, "s3:PutObject", uploadId);
      const source = copySourceOf(db, call);
      return { upload: found, from: source, release: pinSegments(services, source.segments) };
    });
    try {
      const { start, end } = readCopyRange(call.header("x-amz-copy-source-range"), from.version.size);
      if (end - start > partBytesMax)
        throw new S3Error(
          "InvalidRequest",
          "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        );
      const encryption = encryptionOfUpload(call, upload.details);
      const algorithm = upload.details.checksumAlgorithm ?? "CRC64NVME";
      const sum = runningChecksum(algorithm);
      const md5 = createHash("md5");
      const plain = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of readSegments(services, from.segments, from.key, start, end)) {
          sum.update(chunk);
          md5.update(chunk);
          yield chunk;
        }
      };
      const { source, iv } = encrypting(plain(), encryption);
      const content = await services.contents.write(source);
      const etag = md5.digest("hex");
      const value = sum.digest().toString("base64");
      await nameContent(services, content, (db) => {
        const { upload: current } = requireUpload(db, call, "s3:PutObject", uploadId);
        const checksum = { algorithm, value, type: "FULL_OBJECT" as const };
        const details = { etag, checksum, ...(iv !== undefined && { iv }) };
        storePart(db, services, current, { number, content, size: end - start, etag, details }, nowMs);
      });
      const body = xmlDocument(
        "CopyPartResult",
        namespace,
        xmlText("LastModified", isoTime(nowMs)),
        xmlText("ETag", `"${etag}"`),
        xmlText(checksumElement(algorithm), value),
      );
      const { version, bucket } = from;
      return xmlReply(body, {
        ...(bucket.versioning !== "off" && { "x-amz-copy-source-version-id": version.versionId ?? "null" }),
        ...encryptionHeaders(upload.details.encryption),
      });
    } finally {
      release();
    }
  },
};
