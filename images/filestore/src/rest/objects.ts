import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { type Answer, empty, json, problems, type Route, route } from "@weftkit/http";
import { runningChecksum } from "@weftkit/http-aws";
import Type from "typebox";
import { accessOf } from "../access/object-access.ts";
import { S3Error } from "../errors.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { encrypting, keyOfEncryption, newEncryption } from "../objects/encryption.ts";
import { nameContent } from "../objects/name-content.ts";
import { lockOfNew } from "../objects/object-lock.ts";
import { checkRead, writeConditionOf } from "../objects/preconditions.ts";
import { readRange } from "../objects/range.ts";
import { pinSegments, readSegments, segmentsOf } from "../objects/read-object.ts";
import { requireSpace, storeObject } from "../objects/store-object.ts";
import type { ObjectDetails } from "../storage/details.ts";
import { listLive } from "../storage/listing.ts";
import { latestVersion, versionById } from "../storage/versions.ts";
import { type ApiContext, bucketFor } from "./context.ts";
import { detectType } from "./detect-type.ts";
import { abortUpload, putPart } from "./multipart.ts";
import {
  bucketNotFound,
  checksumMismatch,
  customerKeyNeeded,
  invalidKey,
  objectLocked,
  objectNotFound,
  objectTooLarge,
  rangeNotSatisfiable,
  versionNotFound,
} from "./problems.ts";
import { contentTypeOf, encodeKey, objectJson } from "./representation.ts";
import { keptHeaders, metadataOf, metadataPrefix } from "./request-headers.ts";
import { bucketParams, cursor, limit, next, objectParams, objectSchema, strict } from "./schemas.ts";

const tag = "Objects";
const wholeBytesMax = 5 * 1024 ** 3;

/** What is shown in a page; anything else is offered for saving, as it might be a page with scripts. */
const shownInPages = /^(?:image\/(?!svg)|audio\/|video\/|application\/pdf$|text\/plain)/;

export function putObjectRoute(api: ApiContext): Route {
  const { services } = api;
  return route({
    method: "PUT",
    path: "/buckets/{bucket}/objects/{key...}",
    operation: "putObject",
    tag,
    summary: "Upload a file",
    description:
      "Its metadata are the headers `x-meta-*`; `if-none-match: *` keeps what is there, `if-match` replaces only what it names. Without a type, or as `application/octet-stream`, the type is found out from the content and the name. With `upload` and `part` it is one part of an upload.",
    access: { action: "write", object: ({ bucket }) => bucket },
    params: objectParams,
    query: Type.Object(
      {
        upload: Type.Optional(Type.String({ description: "The upload that this is a part of." })),
        part: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: "The part's number." })),
      },
      strict,
    ),
    body: { "*/*": { kind: "stream", bytesMax: wholeBytesMax } },
    responses: {
      200: {
        description: "It was replaced, or the part is there.",
        content: { "application/json": objectSchema },
      },
      201: { description: "It was created.", content: { "application/json": objectSchema } },
    },
    problems: [bucketNotFound, invalidKey, objectTooLarge, checksumMismatch, problems.preconditionFailed],
    handle: async ({ params, query, body, headers, user }) => {
      const { bucket: name, key } = params;
      if (query.upload !== undefined || query.part !== undefined) {
        return await putPart(api, {
          name,
          key,
          user,
          uploadId: query.upload,
          number: query.part,
          source: body.value,
        });
      }
      const length = Number(headers["content-length"] ?? 0);
      const bucket = await services.read((db) => {
        requireSpace(db, services, length);
        return bucketFor(api, db, user, name, "s3:PutObject", key);
      });
      const md5 = createHash("md5");
      const checksum = runningChecksum("CRC64NVME");
      let size = 0;
      let first: Buffer | undefined;
      const source = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of body.value) {
          first ??= chunk;
          md5.update(chunk);
          checksum.update(chunk);
          size += chunk.length;
          yield chunk;
        }
        const declared = headers["content-md5"];
        const found = md5.copy().digest("base64");
        if (typeof declared === "string" && declared !== found) {
          throw checksumMismatch(`the content's MD5 is ${found}, not ${declared}`);
        }
      };
      const { encryption: wanted } = bucket.settings;
      const encryption =
        wanted && newEncryption(services, wanted.algorithm, wanted.keyId, wanted.bucketKey === true);
      const { source: written, iv } = encrypting(source(), encryption);
      const content = await services.contents.write(written);
      const nowMs = services.clock.wallMs();
      const lock = lockOfNew(bucket, undefined, nowMs);
      const type = detectType(body.mediaType, key, first);
      const details: ObjectDetails = {
        headers: { "content-type": type, ...keptHeaders(headers) },
        metadata: metadataOf(headers),
        checksum: {
          algorithm: "CRC64NVME",
          value: checksum.digest().toString("base64"),
          type: "FULL_OBJECT",
        },
        ...(lock !== undefined && { lock }),
        ...(encryption !== undefined && {
          encryption: { ...encryption.stored, ...(iv !== undefined && { iv }) },
        }),
      };
      const etag = md5.digest("hex");
      const account = services.accounts.of(user).id;
      const condition = writeConditionOf(headers);
      const { isNew, version } = await nameContent(services, content, (db) => {
        const current = bucketFor(api, db, user, name, "s3:PutObject", key);
        const before = latestVersion(db, current, key);
        const object = { key, account, content, size, etag, details, condition, nowMs };
        storeObject(db, services, current, object);
        return { isNew: before === undefined || before.isMarker, version: latestVersion(db, current, key)! };
      });
      const location = `/v1/buckets/${name}/objects/${encodeKey(key)}`;
      return json(isNew ? 201 : 200, objectJson(version), { etag: `"${etag}"`, ...(isNew && { location }) });
    },
  });
}

export function getObjectRoute(api: ApiContext): Route {
  const { services } = api;
  return route({
    method: "GET",
    path: "/buckets/{bucket}/objects/{key...}",
    operation: "getObject",
    tag,
    summary: "Download a file",
    description: "All of it, or the range that `range` asks for. HEAD gives its headers only.",
    access: { action: "read", object: ({ bucket }) => bucket },
    params: objectParams,
    query: Type.Object(
      { version: Type.Optional(Type.String({ description: "One version of it." })) },
      strict,
    ),
    responses: {
      200: { description: "Its bytes, in the type that it has.", content: { "*/*": undefined } },
      206: { description: "A range of it.", content: { "*/*": undefined } },
      304: { description: "The client has it already (`if-none-match`, `if-modified-since`)." },
    },
    problems: [
      bucketNotFound,
      objectNotFound,
      versionNotFound,
      rangeNotSatisfiable,
      customerKeyNeeded,
      problems.preconditionFailed,
    ],
    handle: async ({ params, query, headers, user }): Promise<Answer> => {
      const { bucket: name, key } = params;
      const { version, segments, release } = await services.read((db) => {
        const bucket = bucketFor(api, db, user, name, "s3:ListBucket");
        const found =
          query.version === undefined
            ? latestVersion(db, bucket, key)
            : versionById(db, bucket, key, query.version);
        if (found === undefined || found.isMarker) {
          if (query.version !== undefined) throw versionNotFound(`${key} has no version ${query.version}`);
          throw objectNotFound(`there is no ${key} in ${name}`);
        }
        bucketFor(api, db, user, name, "s3:GetObject", key, accessOf(found));
        const parts = segmentsOf(db, found);
        return { version: found, segments: parts, release: pinSegments(services, parts) };
      });
      try {
        const { encryption } = version.details;
        if (encryption?.kind === "SSE-C") {
          throw customerKeyNeeded("read it over the S3 API, with the key that it was written with");
        }
        const secret = encryption && keyOfEncryption(services, encryption);
        const isShown = shownInPages.test(contentTypeOf(version));
        const common: Record<string, string> = {
          "cache-control": "private, no-cache",
          "content-disposition": isShown ? "inline" : "attachment",
          ...version.details.headers,
          "content-type": contentTypeOf(version),
          etag: `"${version.etag}"`,
          "last-modified": new Date(version.modifiedAt).toUTCString(),
          "accept-ranges": "bytes",
          "content-security-policy": "default-src 'none'; sandbox",
          ...(version.versionId !== null && { "x-version": version.versionId }),
        };
        for (const [meta, value] of Object.entries(version.details.metadata))
          common[metadataPrefix + meta] = value;
        if (checkRead(headers, version) === "not-modified") {
          release();
          return empty(304, { etag: common.etag!, "cache-control": common["cache-control"]! });
        }
        const range = readRange(headers.range, version.size);
        const { start, end } = range ?? { start: 0, end: version.size };
        common["content-length"] = String(end - start);
        if (range !== undefined) common["content-range"] = `bytes ${start}-${end - 1}/${version.size}`;
        const body = Readable.from(readSegments(services, segments, secret, start, end), {
          objectMode: false,
        });
        body.once("close", release);
        return { status: range === undefined ? 200 : 206, headers: common, body };
      } catch (error) {
        release();
        throw error;
      }
    },
  });
}

export function deleteObjectRoute(api: ApiContext): Route {
  const { services } = api;
  return route({
    method: "DELETE",
    path: "/buckets/{bucket}/objects/{key...}",
    operation: "deleteObject",
    tag,
    summary: "Delete a file",
    description: "With versions it can be had again until its versions are deleted, which `version` does.",
    access: { action: "write", object: ({ bucket }) => bucket },
    params: objectParams,
    query: Type.Object(
      {
        version: Type.Optional(Type.String({ description: "One version of it, for good." })),
        upload: Type.Optional(Type.String({ description: "An upload that is given up." })),
      },
      strict,
    ),
    responses: { 204: { description: "It is gone." } },
    problems: [bucketNotFound, objectNotFound, versionNotFound, objectLocked],
    handle: async ({ params, query, user }) => {
      const { bucket: name, key } = params;
      if (query.upload !== undefined) {
        await abortUpload(api, { name, key, user, uploadId: query.upload });
        return empty(204);
      }
      await services.free((db) => {
        const action = query.version === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
        const bucket = bucketFor(api, db, user, name, action, key);
        deleteObject(db, services, bucket, {
          key,
          versionId: query.version,
          account: services.accounts.of(user).id,
          bypassesGovernance: false,
          nowMs: services.clock.wallMs(),
          check: (current) => {
            if (current === undefined && query.version !== undefined) throw new S3Error("NoSuchVersion");
            if (current === undefined || (current.isMarker && query.version === undefined)) {
              throw objectNotFound(`there is no ${key} in ${name}`);
            }
          },
        });
      });
      return empty(204);
    },
  });
}

export function listObjectsRoute(api: ApiContext): Route {
  const { services, cursors } = api;
  return route({
    method: "GET",
    path: "/buckets/{bucket}/objects",
    operation: "listObjects",
    tag,
    summary: "List objects",
    description: "By key. With `delimiter` what follows it is shown once, as a prefix, as folders are.",
    access: { action: "read", object: ({ bucket }) => bucket },
    params: bucketParams,
    query: Type.Object(
      {
        prefix: Type.Optional(Type.String({ maxLength: 1024, description: "Only keys that begin so." })),
        delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 16 })),
        limit,
        cursor,
      },
      strict,
    ),
    responses: {
      200: {
        description: "A page of them.",
        content: {
          "application/json": Type.Object({
            objects: Type.Array(objectSchema),
            prefixes: Type.Array(Type.String()),
            next,
          }),
        },
      },
    },
    problems: [bucketNotFound, problems.invalidCursor],
    handle: async ({ params, query, user }) => {
      const { prefix = "", delimiter = "" } = query;
      const listing = `objects ${JSON.stringify([params.bucket, prefix, delimiter])}`;
      const after = query.cursor === undefined ? "" : (cursors.read(listing, query.cursor) as string);
      const page = await services.read((db) => {
        const bucket = bucketFor(api, db, user, params.bucket, "s3:ListBucket");
        return listLive(db, bucket, { prefix, delimiter, after, limit: query.limit ?? 100 });
      });
      return json(200, {
        objects: page.entries.flatMap((entry) => (entry.kind === "row" ? objectJson(entry.row) : [])),
        prefixes: page.entries.flatMap((entry) => (entry.kind === "prefix" ? entry.prefix : [])),
        next: page.next === undefined ? undefined : cursors.write(listing, page.next),
      });
    },
  });
}
