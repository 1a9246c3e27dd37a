import { createHash } from "node:crypto";
import { checksumAlgorithms, parseXml, runningChecksum, xmlDocument, xmlText } from "@weftkit/http-aws";
import { cannedAcl } from "../../access/acl.ts";
import { S3Error } from "../../errors.ts";
import { encrypting } from "../../objects/encryption.ts";
import { nameContent } from "../../objects/name-content.ts";
import { lockOfNew } from "../../objects/object-lock.ts";
import { storeObject } from "../../objects/store-object.ts";
import type { ObjectDetails } from "../../storage/details.ts";
import { emptyReply, type Reply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import { encryptionHeaders, encryptionOfRequest } from "../encryption.ts";
import { headersOfRequest, metadataOfRequest } from "../object-headers.ts";
import type { Operation } from "../operation.ts";
import { checkPolicy, type SizeRange } from "../post-policy.ts";
import { requireKey } from "../request/address.ts";
import { checksumElement } from "../request/checksum-headers.ts";
import { readForm } from "../request/form-data.ts";
import { readTagging } from "../tags.ts";
import { ownerOfNew, wholeBytesMax } from "./put-object.ts";

// biome-ignore lint/suspicious/noTemplateCurlyInString: what forms write where the file's name is to stand
const filenamePlaceholder = "${filename}";

/** What a browser sends from a form. */
export const postObjectOperation: Operation = {
  name: "PostObject",
  on: "bucket",
  method: "POST",
  isSignedInBody: true,
  run: async (request) => {
    const { services } = request;
    const body = request.body({
      wantsMd5: false,
      fallback: undefined,
      bytesMax: wholeBytesMax + 1024 * 1024,
    });
    const { fields, file } = await readForm(request.header("content-type"), body.chunks());
    const given = fields.get("key");
    if (given === undefined || given === "") {
      throw new S3Error(
        "InvalidArgument",
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
        {
          ArgumentName: "key",
          ArgumentValue: "",
        },
      );
    }
    const key = requireKey(given.replaceAll(filenamePlaceholder, file.name));
    // Conditions are about the key as it will be.
    const { call, range } = requesterOf(request, new Map(fields).set("key", key));
    const bucket = await services.read((db) => call.bucket(db, "s3:PutObject", key));
    const { accountId, nowMs } = call;
    const owner = ownerOfNew(call, bucket, undefined);
    const canned = fields.get("acl");
    const tagging = fields.get("tagging");
    const lock = lockOfNew(bucket, undefined, nowMs);
    const declared = checksumAlgorithms.find((name) => fields.has(`x-amz-checksum-${name.toLowerCase()}`));
    const algorithm = declared ?? "CRC64NVME";
    const encryption = encryptionOfRequest({ services, header: (name) => fields.get(name) }, bucket);
    const headers = Object.fromEntries(fields);
    const contentType = fields.get("content-type") ?? file.contentType;
    const md5 = createHash("md5");
    const sum = runningChecksum(algorithm);
    let size = 0;
    let sumValue = "";
    const source = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of file.chunks()) {
        size += chunk.length;
        if (size > Math.min(range?.max ?? wholeBytesMax, wholeBytesMax)) throw tooLarge(range);
        md5.update(chunk);
        sum.update(chunk);
        yield chunk;
      }
      if (size < (range?.min ?? 0))
        throw new S3Error("EntityTooSmall", undefined, {
          ProposedSize: String(size),
          MinSizeAllowed: String(range!.min),
        });
      sumValue = sum.digest().toString("base64");
      if (declared !== undefined && fields.get(`x-amz-checksum-${declared.toLowerCase()}`) !== sumValue) {
        throw new S3Error(
          "BadDigest",
          `The ${declared} you specified did not match the calculated checksum.`,
        );
      }
    };
    const { source: written, iv } = encrypting(source(), encryption);
    const content = await services.contents.write(written);
    const value = sumValue;
    const stored = encryption && { ...encryption.stored, ...(iv !== undefined && { iv }) };
    const details: ObjectDetails = {
      headers: {
        ...headersOfRequest(headers),
        ...(contentType !== undefined && { "content-type": contentType }),
      },
      metadata: metadataOfRequest(headers),
      checksum: { algorithm, value, type: "FULL_OBJECT" },
      ...(canned !== undefined && { acl: cannedAcl(canned, owner, bucket.account) }),
      ...(tagging !== undefined && { tags: readTagging(parseXml(tagging), "object") }),
      ...(lock !== undefined && { lock }),
      ...(stored !== undefined && { encryption: stored }),
    };
    const etag = md5.digest("hex");
    const { versionId } = await nameContent(services, content, (db) =>
      storeObject(db, services, call.anyBucket(db, bucket.name), {
        key,
        account: owner === accountId ? accountId : owner,
        content,
        size,
        etag,
        details,
        condition: { ifMatch: undefined, ifNoneMatch: undefined },
        nowMs,
      }),
    );
    return answer(
      call,
      fields,
      key,
      etag,
      {
        etag: `"${etag}"`,
        ...(versionId !== null && { "x-amz-version-id": versionId }),
        ...encryptionHeaders(stored),
      },
      { name: checksumElement(algorithm), value },
    );
  },
};

/** Who has signed the form's policy; nobody, when it has none. @throws S3Error */
function requesterOf(
  call: Call,
  fields: ReadonlyMap<string, string>,
): { call: Call; range: SizeRange | undefined } {
  const policy = fields.get("policy");
  const credential = fields.get("x-amz-credential");
  const signature = fields.get("x-amz-signature");
  if (policy === undefined) {
    if (signature !== undefined || credential !== undefined)
      throw new S3Error("InvalidArgument", "Bucket POST must contain a field named 'Policy'.");
    return { call: call.as(call.verifier.anonymous), range: undefined };
  }
  const oldKey = fields.get("awsaccesskeyid");
  const oldSignature = fields.get("signature");
  if (credential === undefined && oldKey !== undefined && oldSignature !== undefined) {
    const user = call.verifier.verifyOldPolicy(policy, oldKey, oldSignature);
    return {
      call: call.as(user),
      range: checkPolicy(decodedPolicy(policy), fields, call.bucketName, call.nowMs),
    };
  }
  if (credential === undefined || signature === undefined) {
    const missing = credential === undefined ? "X-Amz-Credential" : "X-Amz-Signature";
    throw new S3Error(
      "InvalidArgument",
      `Bucket POST must contain a field named '${missing}'.  If it is specified, please check the order of the fields.`,
    );
  }
  const user = call.verifier.verifyPolicy(policy, { credential, signature });
  const range = checkPolicy(decodedPolicy(policy), fields, call.bucketName, call.nowMs);
  return { call: call.as(user), range };
}

function decodedPolicy(policy: string): string {
  return Buffer.from(policy, "base64").toString();
}

function tooLarge(range: SizeRange | undefined): S3Error {
  return new S3Error("EntityTooLarge", undefined, { MaxSizeAllowed: String(range?.max ?? wholeBytesMax) });
}

function answer(
  call: Call,
  fields: ReadonlyMap<string, string>,
  key: string,
  etag: string,
  headers: Record<string, string>,
  checksum: { readonly name: string; readonly value: string },
): Reply {
  const host = call.header("host") ?? "localhost";
  const location = `http://${host}/${call.bucketName}/${key.split("/").map(encodeURIComponent).join("/")}`;
  const redirect = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (redirect !== undefined && URL.canParse(redirect)) {
    const to = new URL(redirect);
    to.searchParams.set("bucket", call.bucketName);
    to.searchParams.set("key", key);
    to.searchParams.set("etag", `"${etag}"`);
    return { status: 303, headers: { ...headers, location: to.href } };
  }
  const status = fields.get("success_action_status");
  if (status === "200") return emptyReply(200, { ...headers, location });
  if (status !== "201") return emptyReply(204, { ...headers, location });
  const body = xmlDocument(
    "PostResponse",
    undefined,
    xmlText("Location", location),
    xmlText("Bucket", call.bucketName),
    xmlText("Key", key),
    xmlText("ETag", `"${etag}"`),
    xmlText(checksum.name, checksum.value),
  );
  return { status: 201, headers: { ...headers, location, "content-type": "application/xml" }, body };
}
