import { xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { invalidArgument, S3Error } from "../../errors.ts";
import { partsOf } from "../../storage/versions.ts";
import { namespace, xmlReply } from "../answer/reply.ts";
import { keyOfStored } from "../encryption.ts";
import type { Operation } from "../operation.ts";
import { checksumElement } from "../request/checksum-headers.ts";

const known: ReadonlySet<string> = new Set(["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]);
const pageMax = 1000;

export const getObjectAttributesOperation: Operation = {
  name: "GetObjectAttributes",
  on: "object",
  method: "GET",
  query: "attributes",
  run: async (call) => {
    const asked = (call.header("x-amz-object-attributes") ?? "").split(",").map((name) => name.trim());
    const wants = new Set(asked.filter((name) => name !== ""));
    if (wants.size === 0) {
      throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", "");
    }
    for (const name of wants) {
      if (!known.has(name))
        throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name);
    }
    const { bucket, version, parts } = await call.services.read((db) => {
      const found = call.object(db, {
        latest: "s3:GetObjectAttributes",
        version: "s3:GetObjectVersionAttributes",
      });
      return { ...found, parts: found.version.parts === 0 ? [] : partsOf(db, found.version.row) };
    });
    keyOfStored(call, version.details);
    const { checksum } = version.details;
    const marker = Number(call.header("x-amz-part-number-marker") ?? 0);
    const limit = Math.min(Number(call.header("x-amz-max-parts") ?? pageMax), pageMax);
    if (!(marker >= 0) || !(limit >= 0)) throw new S3Error("InvalidArgument");
    const rest = parts.filter(({ number }) => number > marker);
    const shown = rest.slice(0, limit);
    const partsXml = shown.map(({ number, size, details }) =>
      xmlElement(
        "Part",
        xmlText("PartNumber", number),
        xmlText("Size", size),
        details.checksum === undefined
          ? ""
          : xmlText(checksumElement(details.checksum.algorithm), details.checksum.value),
      ),
    );
    const objectParts = xmlElement(
      "ObjectParts",
      xmlText("PartsCount", parts.length),
      xmlText("PartNumberMarker", marker),
      xmlText("NextPartNumberMarker", shown.at(-1)?.number ?? 0),
      xmlText("MaxParts", limit),
      xmlText("IsTruncated", rest.length > limit),
      ...partsXml,
    );
    const body = xmlDocument(
      "GetObjectAttributesResponse",
      namespace,
      wants.has("ETag") ? xmlText("ETag", version.etag) : "",
      wants.has("Checksum") && checksum !== undefined
        ? xmlElement(
            "Checksum",
            xmlText(checksumElement(checksum.algorithm), checksum.value),
            xmlText("ChecksumType", checksum.type),
          )
        : "",
      wants.has("ObjectParts") && parts.length > 0 ? objectParts : "",
      wants.has("StorageClass") ? xmlText("StorageClass", version.details.storageClass ?? "STANDARD") : "",
      wants.has("ObjectSize") ? xmlText("ObjectSize", version.size) : "",
    );
    return xmlReply(body, {
      "last-modified": new Date(version.modifiedAt).toUTCString(),
      ...(bucket.versioning !== "off" && { "x-amz-version-id": version.versionId ?? "null" }),
    });
  },
};
