import type { ChecksumAlgorithm } from "@weftkit/http-aws";
import type { Acl } from "./grants.ts";

export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** A checksum as it is told: base64, without the number of parts. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
  readonly type: ChecksumType;
}

/** How a content is encrypted. */
export interface StoredEncryption {
  /** `SSE-C`: the client has the key. */
  readonly kind: "AES256" | "aws:kms" | "SSE-C";
  /** Base64: the initial counter. Of an object in parts each part has its own. */
  readonly iv?: string;
  /** Base64: the object's key, encrypted with the engine's. */
  readonly wrappedKey?: string;
  /** `aws:kms`: which key was named. */
  readonly keyId?: string;
  /** `SSE-C`: base64 of the key's MD5 as it is told, and a salted hash by which a wrong key is known. */
  readonly keyMd5?: string;
  readonly bucketKey?: boolean;
}

export interface ObjectLock {
  readonly mode?: "GOVERNANCE" | "COMPLIANCE";
  /** Milliseconds since the Unix epoch. */
  readonly until?: number;
  readonly hold?: boolean;
}

/** What is kept of an object beside its content; JSON. */
export interface ObjectDetails {
  /** Headers that are given back as they came: `content-type`, `cache-control`, ... */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata: the headers `x-amz-meta-*` without their prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly acl?: Acl;
  readonly lock?: ObjectLock;
  readonly storageClass?: string;
  readonly checksum?: StoredChecksum;
  readonly encryption?: StoredEncryption;
}

/** What is kept of a part. */
export interface PartDetails {
  readonly etag: string;
  readonly checksum?: StoredChecksum;
  /** Base64. */
  readonly iv?: string;
}
