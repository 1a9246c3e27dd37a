import { hkdfSync } from "node:crypto";
import { invalidArgument, S3Error } from "../errors.ts";
import type { StoredEncryption } from "../storage/details.ts";
import { type ContentKey, encrypted, newIv } from "../storage/encryption.ts";
import type { Services } from "./services.ts";

/** How an object is to be encrypted. */
export interface Encryption {
  readonly key: Buffer;
  /** What is kept of it, but for the counter. */
  readonly stored: StoredEncryption;
}

const algorithmHeader = "x-amz-server-side-encryption";

/** A new key for an object; with `aws:kms` of the name that was given. @throws S3Error `InvalidArgument` */
export function newEncryption(
  { masterKey }: Services,
  algorithm: string,
  keyId: string | undefined,
  bucketKey: boolean,
): Encryption {
  if (algorithm === "AES256") {
    const { key, wrapped } = masterKey.newKey();
    return { key, stored: { kind: "AES256", wrappedKey: wrapped } };
  }
  if (algorithm !== "aws:kms") {
    throw new S3Error("InvalidArgument", "The encryption method specified is not supported", {
      ArgumentName: algorithmHeader,
      ArgumentValue: algorithm,
    });
  }
  if (keyId === "") throw invalidArgument("The KMS key id is empty", `${algorithmHeader}-aws-kms-key-id`);
  const { key, wrapped } = masterKey.newKey();
  const id = keyId ?? "alias/aws/s3";
  return {
    key: keyOfName(key, id),
    stored: { kind: "aws:kms", wrappedKey: wrapped, keyId: id, ...(bucketKey && { bucketKey }) },
  };
}

/** The key of an object whose key the engine keeps. */
export function keyOfEncryption(
  { masterKey }: Services,
  { kind, wrappedKey, keyId }: StoredEncryption,
): Buffer {
  const key = masterKey.unwrap(wrappedKey!);
  return kind === "aws:kms" ? keyOfName(key, keyId!) : key;
}

/** Keys that are named differently encrypt differently. */
function keyOfName(key: Buffer, name: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `weftkit filestore key ${name}`, 32));
}

/** Encrypts a content with a counter of its own. */
export function encrypting(
  source: AsyncIterable<Buffer>,
  encryption: Encryption | undefined,
): { readonly source: AsyncIterable<Buffer>; readonly iv: string | undefined } {
  if (encryption === undefined) return { source, iv: undefined };
  const content: ContentKey = { key: encryption.key, iv: newIv() };
  return { source: encrypted(source, content), iv: content.iv.toString("base64") };
}
