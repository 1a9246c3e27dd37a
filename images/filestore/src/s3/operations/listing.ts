import { encodeRfc3986, xmlElement, xmlText } from "@weftkit/http-aws";
import type { Accounts } from "../../access/accounts.ts";
import { ownerXml } from "../../access/acl.ts";
import { invalidArgument } from "../../errors.ts";
import type { Version } from "../../storage/versions.ts";
import { isoTime } from "../answer/reply.ts";
import type { Call } from "../call.ts";

const pageMax = 1000;

/** What all listings of a bucket are asked with. */
export interface ListParameters {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  /** As it is told in the answer. */
  readonly maxKeys: number;
  /** Keys and prefixes as they go into the answer. */
  encode(key: string): string;
  readonly encodingType: "url" | undefined;
}

/** @throws S3Error `InvalidArgument` */
export function listParameters(call: Call, maxName: "max-keys" | "max-uploads"): ListParameters {
  const encodingType = call.query("encoding-type");
  if (encodingType !== undefined && encodingType !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encodingType);
  }
  const given = call.query(maxName);
  let maxKeys = pageMax;
  if (given !== undefined && given !== "") {
    if (!/^-?\d{1,10}$/.test(given)) {
      throw invalidArgument("Provided max-keys not an integer or within integer range", maxName, given);
    }
    maxKeys = Number(given);
    if (maxKeys < 0 || maxKeys > 2_147_483_647) {
      throw invalidArgument(
        `Argument ${maxName} must be an integer between 0 and 2147483647`,
        maxName,
        given,
      );
    }
  }
  return {
    prefix: call.query("prefix") ?? "",
    delimiter: call.query("delimiter") ?? "",
    limit: Math.min(maxKeys, pageMax),
    maxKeys,
    encode: encodingType === "url" ? encodeKey : (key) => key,
    encodingType,
  };
}

/** As S3 does: slashes stay. */
function encodeKey(key: string): string {
  return encodeRfc3986(key).replaceAll("%2F", "/").replaceAll("%2A", "*");
}

/** `<Contents>` or `<Version>` of one object. */
export function objectXml(
  name: "Contents" | "Version",
  version: Version,
  { accounts, encode, withOwner }: { accounts: Accounts; encode(key: string): string; withOwner: boolean },
): string {
  const { details } = version;
  return xmlElement(
    name,
    xmlText("Key", encode(version.key)),
    name === "Version" ? xmlText("VersionId", version.versionId ?? "null") : "",
    name === "Version" ? xmlText("IsLatest", version.isLatest) : "",
    xmlText("LastModified", isoTime(version.modifiedAt)),
    xmlText("ETag", `"${version.etag}"`),
    xmlText("ChecksumAlgorithm", details.checksum?.algorithm),
    xmlText("ChecksumType", details.checksum?.type),
    xmlText("Size", version.size),
    withOwner ? ownerXml(accounts, version.account) : "",
    xmlText("StorageClass", details.storageClass ?? "STANDARD"),
  );
}

export function commonPrefixXml(prefix: string): string {
  return xmlElement("CommonPrefixes", xmlText("Prefix", prefix));
}
