import { createHash } from "node:crypto";
import type { SecurityContext } from "@weftkit/auth";
import { type Answer, json, problems, type Route, route } from "@weftkit/http";
import { runningChecksum } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import Type from "typebox";
import { encrypting, keyOfEncryption, newEncryption } from "../objects/encryption.ts";
import { allParts, completeUpload, partBytesMin, startUpload, storePart } from "../objects/multipart.ts";
import { nameContent } from "../objects/name-content.ts";
import { writeConditionOf } from "../objects/preconditions.ts";
import type { Bucket } from "../storage/buckets.ts";
import { findUpload, listParts, removeUpload, type Upload } from "../storage/uploads.ts";
import { latestVersion } from "../storage/versions.ts";
import { type ApiContext, bucketFor } from "./context.ts";
import { detectType } from "./detect-type.ts";
import { bucketNotFound, invalidParts, objectTooLarge, uploadNotFound } from "./problems.ts";
import { encodeKey, objectJson } from "./representation.ts";
import { keptHeaders, metadataOf } from "./request-headers.ts";
import { bucketParams, next, objectSchema, strict } from "./schemas.ts";

const tag = "Uploads";
const suffix = "/multipart";

const uploadSchema = Type.Object({
  upload: Type.String({ description: "The upload's id." }),
  key: Type.String(),
  part_bytes_min: Type.Integer({ description: "Every part but the last has at least so many bytes." }),
});

const partSchema = Type.Object({ part: Type.Integer(), size: Type.Integer(), etag: Type.String() });

interface UploadOf {
  readonly name: string;
  readonly key: string;
  readonly user: SecurityContext;
  readonly uploadId: string | undefined;
}

/** The upload that a request names. @throws Problem `upload-not-found` */
function requireUpload(
  api: ApiContext,
  db: Database,
  { name, key, user, uploadId }: UploadOf,
): { bucket: Bucket; upload: Upload } {
  const bucket = bucketFor(api, db, user, name, "s3:PutObject", key);
  const upload = uploadId === undefined ? undefined : findUpload(db, bucket, key, uploadId);
  if (upload === undefined)
    throw uploadNotFound(
      `there is no such upload of ${key}: begin one with POST ${encodeKey(key)}/multipart`,
    );
  return { bucket, upload };
}

/** One part of an upload; one that was there under its number is replaced. */
export async function putPart(
  api: ApiContext,
  {
    number,
    source,
    ...of
  }: UploadOf & { readonly number: number | undefined; readonly source: AsyncIterable<Buffer> },
): Promise<Answer> {
  const { services } = api;
  if (number === undefined || of.uploadId === undefined) {
    throw problems.invalidRequest("a part has both: upload and part");
  }
  const { upload } = await services.read((db) => requireUpload(api, db, of));
  const { encryption } = upload.details;
  const key = encryption && { key: keyOfEncryption(services, encryption), stored: encryption };
  const md5 = createHash("md5");
  const checksum = runningChecksum("CRC64NVME");
  let size = 0;
  const watched = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      md5.update(chunk);
      checksum.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const { source: written, iv } = encrypting(watched(), key);
  const content = await services.contents.write(written);
  const etag = md5.digest("hex");
  const value = checksum.digest().toString("base64");
  await nameContent(services, content, (db) => {
    const { upload: current } = requireUpload(api, db, of);
    const details = {
      etag,
      checksum: { algorithm: "CRC64NVME" as const, value, type: "FULL_OBJECT" as const },
      ...(iv !== undefined && { iv }),
    };
    storePart(db, services, current, { number, content, size, etag, details }, services.clock.wallMs());
  });
  return json(200, { part: number, size, etag }, { etag: `"${etag}"` });
}

export async function abortUpload(api: ApiContext, of: UploadOf): Promise<void> {
  await api.services.free((db) => {
    if (removeUpload(db, requireUpload(api, db, of).upload)) api.services.sweeper.sweep();
  });
}

/** `POST .../{key}/multipart` begins an upload, and with `upload` completes it. */
export function multipartRoute(api: ApiContext): Route {
  const { services } = api;
  return route({
    method: "POST",
    path: "/buckets/{bucket}/objects/{path...}",
    operation: "multipart",
    tag,
    summary: "Start or complete a multipart upload",
    description:
      "The path is an object's with `/multipart` at its end. Without `upload` it starts an upload: the object's type and metadata are this request's. Then send the parts with `PUT .../objects/{key}?upload=...&part=...`, in any order, again where one failed; `GET /buckets/{bucket}/uploads/{upload}?key=...` says which are there. With `upload` the object is made of all parts, or of those of the body's list.",
    access: { action: "write", object: ({ bucket }) => bucket },
    params: Type.Object(
      { bucket: Type.String({ maxLength: 63 }), path: Type.String({ maxLength: 1034 }) },
      strict,
    ),
    query: Type.Object(
      { upload: Type.Optional(Type.String({ description: "The upload to complete." })) },
      strict,
    ),
    body: {
      "application/json": {
        kind: "json",
        bytesMax: 1024 ** 2,
        schema: Type.Object(
          {
            parts: Type.Optional(
              Type.Array(
                Type.Object(
                  { part: Type.Integer({ minimum: 1, maximum: 10_000 }), etag: Type.Optional(Type.String()) },
                  strict,
                ),
                { maxItems: 10_000 },
              ),
            ),
          },
          strict,
        ),
      },
      "*/*": { kind: "bytes", bytesMax: 0 },
    },
    responses: {
      200: { description: "The object is there.", content: { "application/json": objectSchema } },
      201: { description: "The upload has begun.", content: { "application/json": uploadSchema } },
    },
    problems: [bucketNotFound, uploadNotFound, invalidParts, objectTooLarge, problems.preconditionFailed],
    handle: async ({ params, query, body, headers, user }) => {
      const { bucket: name, path } = params;
      const key = path.slice(0, -suffix.length);
      if (!path.endsWith(suffix) || key === "" || Buffer.byteLength(key) > 1024) {
        throw problems.notFound(`POST goes to the address of an object with ${suffix} at its end`);
      }
      const nowMs = services.clock.wallMs();
      if (query.upload === undefined) {
        const account = services.accounts.of(user).id;
        const id = await services.write((db) => {
          const bucket = bucketFor(api, db, user, name, "s3:PutObject", key);
          const { encryption: wanted } = bucket.settings;
          const encryption =
            wanted && newEncryption(services, wanted.algorithm, wanted.keyId, wanted.bucketKey === true);
          return startUpload(db, bucket, {
            key,
            account,
            initiator: account,
            initiatedAt: nowMs,
            details: {
              headers: {
                "content-type": detectType(
                  headers["content-type"] ?? "application/octet-stream",
                  key,
                  undefined,
                ),
                ...keptHeaders(headers),
              },
              metadata: metadataOf(headers),
              checksumAlgorithm: "CRC64NVME",
              checksumType: "FULL_OBJECT",
              ...(encryption !== undefined && { encryption: encryption.stored }),
            },
          });
        });
        return json(201, { upload: id, key, part_bytes_min: partBytesMin });
      }
      const given = body?.type === "application/json" ? body.value.parts : undefined;
      const version = await services.write((db) => {
        const { bucket, upload } = requireUpload(api, db, { name, key, user, uploadId: query.upload });
        const parts =
          given?.map(({ part, etag }) => ({
            number: part,
            etag: etag?.replace(/^"|"$/g, ""),
            checksums: new Map(),
          })) ?? allParts(db, upload);
        if (parts.length === 0) throw invalidParts("no part was sent");
        completeUpload(db, services, bucket, upload, { parts, condition: writeConditionOf(headers), nowMs });
        return latestVersion(db, bucket, key)!;
      });
      return json(200, objectJson(version), { etag: `"${version.etag}"` });
    },
  });
}

export function uploadRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/buckets/{bucket}/uploads/{upload}",
    operation: "getUpload",
    tag,
    summary: "Get what was sent of an upload",
    description: "To go on where it was broken off.",
    access: { action: "read", object: ({ bucket }) => bucket },
    params: Type.Object({ ...bucketParams.properties, upload: Type.String({ maxLength: 128 }) }, strict),
    query: Type.Object(
      {
        key: Type.String({ maxLength: 1024 }),
        after: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
      },
      strict,
    ),
    responses: {
      200: {
        description: "The parts that are there, by number, at most 1000.",
        content: { "application/json": Type.Object({ parts: Type.Array(partSchema), next }) },
      },
    },
    problems: [bucketNotFound, uploadNotFound],
    handle: async ({ params, query, user }) => {
      const of = { name: params.bucket, key: query.key, user, uploadId: params.upload };
      const parts = await api.services.read((db) => {
        const { upload } = requireUpload(api, db, of);
        return listParts(db, upload, query.after ?? 0, 1001);
      });
      const shown = parts.slice(0, 1000).map(({ number, size, etag }) => ({ part: number, size, etag }));
      return json(200, { parts: shown, next: parts.length > 1000 ? String(shown.at(-1)!.part) : undefined });
    },
  });
}
