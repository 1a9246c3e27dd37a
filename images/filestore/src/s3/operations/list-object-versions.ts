import { xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { ownerXml } from "../../access/acl.ts";
import { invalidArgument } from "../../errors.ts";
import { listVersions } from "../../storage/list-versions.ts";
import { isVersionId, versionById } from "../../storage/versions.ts";
import { isoTime, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";
import { commonPrefixXml, listParameters, objectXml } from "./listing.ts";

export const listObjectVersionsOperation: Operation = {
  name: "ListObjectVersions",
  on: "bucket",
  method: "GET",
  query: "versions",
  run: async (call) => {
    const { services, bucketName } = call;
    const parameters = listParameters(call, "max-keys");
    const { prefix, delimiter, limit, encode, maxKeys, encodingType } = parameters;
    const keyMarker = call.query("key-marker") ?? "";
    const versionMarker = call.query("version-id-marker");
    if (versionMarker !== undefined && versionMarker !== "") {
      if (keyMarker === "") {
        throw invalidArgument(
          "A version-id marker cannot be specified without a key marker.",
          "version-id-marker",
          versionMarker,
        );
      }
      if (!isVersionId(versionMarker)) {
        throw invalidArgument("Invalid version id specified", "version-id-marker", versionMarker);
      }
    }
    const { entries, next } = await services.read((db) => {
      const bucket = call.bucket(db, "s3:ListBucketVersions");
      if (limit === 0) return { entries: [], next: undefined };
      const marker = versionMarker ? versionById(db, bucket, keyMarker, versionMarker) : undefined;
      return listVersions(db, bucket, { prefix, delimiter, keyMarker, afterRow: marker?.row, limit });
    });
    const { accounts } = services;
    const versions: string[] = [];
    const prefixes: string[] = [];
    for (const entry of entries) {
      if (entry.kind === "prefix") prefixes.push(commonPrefixXml(encode(entry.prefix)));
      else if (!entry.row.isMarker)
        versions.push(objectXml("Version", entry.row, { accounts, encode, withOwner: true }));
      else {
        const { key, versionId, isLatest, modifiedAt, account } = entry.row;
        versions.push(
          xmlElement(
            "DeleteMarker",
            xmlText("Key", encode(key)),
            xmlText("VersionId", versionId ?? "null"),
            xmlText("IsLatest", isLatest),
            xmlText("LastModified", isoTime(modifiedAt)),
            ownerXml(accounts, account),
          ),
        );
      }
    }
    const body = xmlDocument(
      "ListVersionsResult",
      namespace,
      xmlText("Name", bucketName),
      xmlText("Prefix", encode(prefix)),
      xmlText("KeyMarker", encode(keyMarker)),
      xmlText("VersionIdMarker", versionMarker ?? ""),
      xmlText("NextKeyMarker", next && encode(next.key)),
      xmlText("NextVersionIdMarker", next?.version && (next.version.versionId ?? "null")),
      xmlText("MaxKeys", maxKeys),
      xmlText("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      xmlText("EncodingType", encodingType),
      xmlText("IsTruncated", next !== undefined),
      ...versions,
      ...prefixes,
    );
    return xmlReply(body);
  },
};
