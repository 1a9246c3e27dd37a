import { createHash } from "node:crypto";
import { invalidArgument, S3Error } from "../errors.ts";
import { type Encryption, keyOfEncryption, newEncryption } from "../objects/encryption.ts";
import type { Bucket } from "../storage/buckets.ts";
import type { ObjectDetails, StoredEncryption } from "../storage/details.ts";
import type { Call } from "./call.ts";

const algorithmHeader = "x-amz-server-side-encryption";
const customer = `${algorithmHeader}-customer-`;
const kmsKeyHeader = `${algorithmHeader}-aws-kms-key-id`;
const bucketKeyHeader = `${algorithmHeader}-bucket-key-enabled`;

/** The encryption that a request or else its bucket asks for; undefined is none. @throws S3Error */
export function encryptionOfRequest(
  call: Pick<Call, "services" | "header">,
  bucket: Bucket,
): Encryption | undefined {
  const clientKey = customerKey(call, customer);
  const asked = call.header(algorithmHeader);
  const keyId = call.header(kmsKeyHeader);
  if (clientKey !== undefined) {
    if (asked !== undefined) {
      throw invalidArgument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        algorithmHeader,
        asked,
      );
    }
    return { key: clientKey.key, stored: { kind: "SSE-C", keyMd5: clientKey.md5 } };
  }
  if (keyId !== undefined && asked !== "aws:kms") {
    throw invalidArgument(
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
      algorithmHeader,
    );
  }
  if (asked === "aws:kms" && keyId === undefined) {
    throw invalidArgument(
      "Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption-aws-kms-key-id",
      algorithmHeader,
      asked,
    );
  }
  const byDefault = bucket.settings.encryption;
  const algorithm = asked ?? byDefault?.algorithm;
  if (algorithm === undefined) return undefined;
  return newEncryption(
    call.services,
    algorithm,
    asked === undefined ? byDefault?.keyId : keyId,
    asked === undefined && byDefault?.bucketKey === true,
  );
}

/**
 * The key that an object is decrypted with; undefined where it is not encrypted. `prefix` is that of the headers.
 *
 * @throws S3Error when the client has to give its key, or gives one where none is needed
 */
export function keyOfStored(
  call: Call,
  { encryption }: ObjectDetails,
  prefix = customer,
): Buffer | undefined {
  const given = customerKey(call, prefix);
  if (encryption?.kind !== "SSE-C") {
    if (given !== undefined) {
      throw new S3Error("InvalidRequest", "The encryption parameters are not applicable to this object.");
    }
    if (encryption === undefined) return undefined;
    return keyOfEncryption(call.services, encryption);
  }
  if (given === undefined) {
    throw new S3Error(
      "InvalidRequest",
      "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
    );
  }
  if (given.md5 !== encryption.keyMd5) {
    throw new S3Error(
      "InvalidRequest",
      "The provided encryption parameters did not match the ones used originally.",
    );
  }
  return given.key;
}

/** The key of an upload's parts, which must be given again where the client has it. */
export function encryptionOfUpload(call: Call, { encryption }: ObjectDetails): Encryption | undefined {
  const given = customerKey(call, customer);
  if (encryption === undefined) {
    if (given !== undefined)
      throw new S3Error(
        "InvalidRequest",
        "The multipart upload initiate requested no encryption. Subsequent part requests cannot be encrypted.",
      );
    return undefined;
  }
  if (encryption.kind !== "SSE-C")
    return { key: keyOfEncryption(call.services, encryption), stored: encryption };
  if (given === undefined) {
    throw new S3Error(
      "InvalidRequest",
      "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
    );
  }
  if (given.md5 !== encryption.keyMd5)
    throw new S3Error(
      "InvalidRequest",
      "The provided encryption parameters did not match the ones used originally.",
    );
  return { key: given.key, stored: encryption };
}

function customerKey(call: Pick<Call, "header">, prefix: string): { key: Buffer; md5: string } | undefined {
  const algorithm = call.header(`${prefix}algorithm`);
  const key = call.header(`${prefix}key`);
  const md5 = call.header(`${prefix}key-md5`);
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (algorithm === undefined)
    throw invalidArgument(
      "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.",
      `${prefix}algorithm`,
    );
  if (algorithm !== "AES256") {
    throw new S3Error("InvalidEncryptionAlgorithmError", undefined, {
      ArgumentName: `${prefix}algorithm`,
      ArgumentValue: algorithm,
    });
  }
  if (key === undefined)
    throw invalidArgument(
      "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.",
      `${prefix}key`,
    );
  if (md5 === undefined)
    throw invalidArgument(
      "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.",
      `${prefix}key-md5`,
    );
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32)
    throw invalidArgument("The secret key was invalid for the specified algorithm.", `${prefix}key`);
  if (createHash("md5").update(bytes).digest("base64") !== md5) {
    throw invalidArgument(
      "The calculated MD5 hash of the key did not match the hash that was provided.",
      `${prefix}key-md5`,
    );
  }
  return { key: bytes, md5 };
}

/** What an answer says of it. */
export function encryptionHeaders(stored: StoredEncryption | undefined): Record<string, string> {
  if (stored === undefined) return {};
  if (stored.kind === "SSE-C") {
    return { [`${customer}algorithm`]: "AES256", [`${customer}key-md5`]: stored.keyMd5! };
  }
  return {
    [algorithmHeader]: stored.kind,
    ...(stored.keyId !== undefined && { [kmsKeyHeader]: stored.keyId }),
    ...(stored.bucketKey === true && { [bucketKeyHeader]: "true" }),
  };
}
