import { empty, json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { privateAcl } from "../access/acl.ts";
import { S3Error } from "../errors.ts";
import { abandonUploads } from "../storage/abandon-uploads.ts";
import { deleteBucketRow, findBucket, insertBucket, isEmpty, listBuckets } from "../storage/buckets.ts";
import { isBucketName } from "../storage/names.ts";
import { type ApiContext, bucketFor } from "./context.ts";
import { bucketExists, bucketNotEmpty, bucketNotFound, invalidBucketName } from "./problems.ts";
import { bucketJson } from "./representation.ts";
import { bucketParams, bucketSchema, cursor, limit, next, noParams, noQuery, strict } from "./schemas.ts";

const tag = "Buckets";

export function createBucketRoute({ services }: ApiContext): Route {
  return route({
    method: "POST",
    path: "/buckets",
    operation: "createBucket",
    tag,
    summary: "Create a bucket",
    access: { action: "schema" },
    params: noParams,
    query: noQuery,
    body: {
      "application/json": {
        kind: "json",
        bytesMax: 65_536,
        schema: Type.Object(
          {
            name: Type.String({
              maxLength: 63,
              description: "3 to 63 small letters, digits, hyphens and dots; letters or digits at both ends.",
            }),
            versioning: Type.Optional(
              Type.Boolean({ description: "Whether every version of an object is kept. Default: false." }),
            ),
          },
          strict,
        ),
      },
    },
    responses: {
      201: {
        description: "It was created.",
        content: { "application/json": bucketSchema },
        headers: { location: "Its address." },
      },
    },
    problems: [invalidBucketName, bucketExists],
    handle: async ({ body, user }) => {
      const { name, versioning = false } = body.value;
      if (!isBucketName(name)) {
        throw invalidBucketName(
          "use 3 to 63 small letters, digits, hyphens and dots, with a letter or a digit at both ends",
        );
      }
      if (!user.can("schema", name))
        throw problems.forbidden(`${user.user} may not create the bucket ${name}`);
      const { id } = services.accounts.of(user);
      const createdAt = services.clock.wallMs();
      const bucket = { name, createdAt, versioning: versioning ? ("on" as const) : ("off" as const) };
      await services.write((db) => {
        if (findBucket(db, name) !== undefined) throw bucketExists(`there is a bucket ${name} already`);
        insertBucket(db, {
          ...bucket,
          account: id,
          settings: { region: services.region, acl: privateAcl(id), ownership: undefined },
        });
      });
      return json(201, bucketJson(bucket), { location: `/v1/buckets/${name}` });
    },
  });
}

export function listBucketsRoute({ services, cursors }: ApiContext): Route {
  return route({
    method: "GET",
    path: "/buckets",
    operation: "listBuckets",
    tag,
    summary: "List buckets",
    description: "By name; those that may be read.",
    access: { action: "read" },
    params: noParams,
    query: Type.Object({ limit, cursor }, strict),
    responses: {
      200: {
        description: "A page of them.",
        content: { "application/json": Type.Object({ buckets: Type.Array(bucketSchema), next }) },
      },
    },
    problems: [problems.invalidCursor],
    handle: async ({ query, user }) => {
      const { id } = services.accounts.of(user);
      const after = query.cursor === undefined ? "" : (cursors.read("buckets", query.cursor) as string);
      const wanted = query.limit ?? 100;
      const found = await services.read((db) =>
        listBuckets(db, id, { after, prefix: "", limit: wanted + 1 }),
      );
      const shown = found.slice(0, wanted);
      const isLast = found.length <= wanted;
      return json(200, {
        buckets: shown.filter(({ name }) => user.can("read", name)).map(bucketJson),
        next: isLast ? undefined : cursors.write("buckets", shown.at(-1)!.name),
      });
    },
  });
}

export function getBucketRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/buckets/{bucket}",
    operation: "getBucket",
    tag,
    summary: "Get a bucket",
    access: { action: "read", object: ({ bucket }) => bucket },
    params: bucketParams,
    query: noQuery,
    responses: { 200: { description: "The bucket.", content: { "application/json": bucketSchema } } },
    problems: [bucketNotFound],
    handle: async ({ params, user }) => {
      const bucket = await api.services.read((db) =>
        bucketFor(api, db, user, params.bucket, "s3:ListBucket"),
      );
      return json(200, bucketJson(bucket));
    },
  });
}

export function deleteBucketRoute(api: ApiContext): Route {
  const { services } = api;
  return route({
    method: "DELETE",
    path: "/buckets/{bucket}",
    operation: "deleteBucket",
    tag,
    summary: "Delete a bucket",
    description: "An empty one, without versions too.",
    access: { action: "schema", object: ({ bucket }) => bucket },
    params: bucketParams,
    query: noQuery,
    responses: { 204: { description: "It is gone." } },
    problems: [bucketNotFound, bucketNotEmpty],
    handle: async ({ params, user }) => {
      await services.write((db) => {
        const bucket = bucketFor(api, db, user, params.bucket, "s3:DeleteBucket");
        if (!isEmpty(db, bucket))
          throw new S3Error("BucketNotEmpty", `${bucket.name} has objects or versions of some`);
        if (abandonUploads(db, bucket)) services.sweeper.sweep();
        deleteBucketRow(db, bucket);
      });
      return empty(204);
    },
  });
}
