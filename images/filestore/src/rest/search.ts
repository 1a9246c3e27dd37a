import { json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { searchObjects } from "../storage/search-objects.ts";
import { type ApiContext, bucketFor } from "./context.ts";
import { bucketNotFound, invalidFilter } from "./problems.ts";
import { objectJson } from "./representation.ts";
import { bucketParams, cursor, limit, next, objectSchema, strict } from "./schemas.ts";
import { filterOf } from "./search-filter.ts";

const pattern = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));
const pairs = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 2048, description }));
const size = Type.Optional(Type.Integer({ minimum: 0 }));
const time = Type.Optional(Type.String({ maxLength: 40 }));

const searchQuery = Type.Object(
  {
    prefix: Type.Optional(Type.String({ maxLength: 1024, description: "Only keys that begin so." })),
    name: pattern("The name after the last slash, with `*` and `?`, whatever its case."),
    type: pattern("The type, with `*` and `?`: `image/*`."),
    min_size: size,
    max_size: size,
    modified_after: time,
    modified_before: time,
    tags: pairs("`name` or `name=value`, separated by commas; values with `*` and `?`."),
    attributes: pairs("Likewise, of the metadata."),
    limit,
    cursor,
  },
  strict,
);

export function searchRoute(api: ApiContext): Route {
  const { services, cursors } = api;
  return route({
    method: "GET",
    path: "/buckets/{bucket}/search",
    operation: "searchObjects",
    tag: "Search",
    summary: "Find objects",
    description:
      "By name, type, size, time, tags and metadata; all that is asked must hold. A page ends after a while with what was found by then: go on as long as there is `next`.",
    access: { action: "read", object: ({ bucket }) => bucket },
    params: bucketParams,
    query: searchQuery,
    responses: {
      200: {
        description: "A page of them, by key.",
        content: { "application/json": Type.Object({ objects: Type.Array(objectSchema), next }) },
      },
    },
    problems: [bucketNotFound, invalidFilter, problems.invalidCursor],
    handle: async ({ params, query, user }) => {
      const { cursor: given, limit: wanted = 100, prefix = "", ...filter } = query;
      const listing = `search ${JSON.stringify([params.bucket, prefix, filter])}`;
      const after = given === undefined ? "" : (cursors.read(listing, given) as string);
      const matches = filterOf(filter);
      const found = await services.read((db) => {
        const bucket = bucketFor(api, db, user, params.bucket, "s3:ListBucket");
        return searchObjects(db, bucket, { prefix, after, limit: wanted, matches });
      });
      return json(200, {
        objects: found.versions.map(objectJson),
        next: found.next === undefined ? undefined : cursors.write(listing, found.next),
      });
    },
  });
}
