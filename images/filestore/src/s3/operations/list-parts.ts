import { xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { ownerXml } from "../../access/acl.ts";
import { invalidArgument } from "../../errors.ts";
import { listParts } from "../../storage/uploads.ts";
import { isoTime, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";
import { checksumElement } from "../request/checksum-headers.ts";
import { requireUpload } from "./require-upload.ts";

const pageMax = 1000;

export const listPartsOperation: Operation = {
  name: "ListParts",
  on: "object",
  method: "GET",
  query: "uploadId",
  run: async (call) => {
    const { services } = call;
    const marker = numberOf(call, "part-number-marker", 0);
    const maxParts = numberOf(call, "max-parts", pageMax);
    const limit = Math.min(maxParts, pageMax);
    const { upload, parts } = await services.read((db) => {
      const { upload: found } = requireUpload(
        db,
        call,
        "s3:ListMultipartUploadParts",
        call.query("uploadId")!,
      );
      return { upload: found, parts: listParts(db, found, marker, limit + 1) };
    });
    const shown = parts.slice(0, limit);
    const isTruncated = parts.length > limit;
    const { accounts } = services;
    const body = xmlDocument(
      "ListPartsResult",
      namespace,
      xmlText("Bucket", call.bucketName),
      xmlText("Key", upload.key),
      xmlText("UploadId", upload.uploadId),
      ownerXml(accounts, upload.initiator, "Initiator"),
      ownerXml(accounts, upload.account),
      xmlText("StorageClass", upload.details.storageClass ?? "STANDARD"),
      xmlText("PartNumberMarker", marker),
      xmlText("NextPartNumberMarker", shown.at(-1)?.number ?? 0),
      xmlText("MaxParts", maxParts),
      xmlText("IsTruncated", isTruncated),
      xmlText("ChecksumAlgorithm", upload.details.checksumAlgorithm),
      xmlText("ChecksumType", upload.details.checksumType),
      ...shown.map(({ number, at, etag, size, details: { checksum } }) =>
        xmlElement(
          "Part",
          xmlText("PartNumber", number),
          xmlText("LastModified", isoTime(at)),
          xmlText("ETag", `"${etag}"`),
          xmlText("Size", size),
          checksum === undefined ? "" : xmlText(checksumElement(checksum.algorithm), checksum.value),
        ),
      ),
    );
    return xmlReply(body);
  },
};

function numberOf(call: Call, name: string, fallback: number): number {
  const text = call.query(name);
  if (text === undefined || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  return Number(text);
}
