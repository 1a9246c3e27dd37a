import { xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { ownerXml } from "../../access/acl.ts";
import { listUploads } from "../../storage/list-uploads.ts";
import { isoTime, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";
import { commonPrefixXml, listParameters } from "./listing.ts";

export const listMultipartUploadsOperation: Operation = {
  name: "ListMultipartUploads",
  on: "bucket",
  method: "GET",
  query: "uploads",
  run: async (call) => {
    const { services } = call;
    const { prefix, delimiter, limit, maxKeys, encode, encodingType } = listParameters(call, "max-uploads");
    const keyMarker = call.query("key-marker") ?? "";
    const uploadIdMarker = call.query("upload-id-marker") ?? "";
    const { entries, next } = await services.read((db) => {
      const bucket = call.bucket(db, "s3:ListBucketMultipartUploads");
      if (limit === 0) return { entries: [], next: undefined };
      return listUploads(db, bucket, { prefix, delimiter, keyMarker, uploadIdMarker, limit });
    });
    const { accounts } = services;
    const uploads: string[] = [];
    const prefixes: string[] = [];
    for (const entry of entries) {
      if (entry.kind === "prefix") {
        prefixes.push(commonPrefixXml(encode(entry.prefix)));
        continue;
      }
      const { key, uploadId, initiator, account, initiatedAt, details } = entry.row;
      uploads.push(
        xmlElement(
          "Upload",
          xmlText("Key", encode(key)),
          xmlText("UploadId", uploadId),
          ownerXml(accounts, initiator, "Initiator"),
          ownerXml(accounts, account),
          xmlText("StorageClass", details.storageClass ?? "STANDARD"),
          xmlText("Initiated", isoTime(initiatedAt)),
          xmlText("ChecksumAlgorithm", details.checksumAlgorithm),
          xmlText("ChecksumType", details.checksumType),
        ),
      );
    }
    const body = xmlDocument(
      "ListMultipartUploadsResult",
      namespace,
      xmlText("Bucket", call.bucketName),
      xmlText("KeyMarker", encode(keyMarker)),
      xmlText("UploadIdMarker", uploadIdMarker),
      xmlText("NextKeyMarker", next && encode(next.key)),
      xmlText("NextUploadIdMarker", next?.uploadId),
      xmlText("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      xmlText("Prefix", encode(prefix)),
      xmlText("MaxUploads", maxKeys),
      xmlText("EncodingType", encodingType),
      xmlText("IsTruncated", next !== undefined),
      ...uploads,
      ...prefixes,
    );
    return xmlReply(body);
  },
};
