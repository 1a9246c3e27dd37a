import type { ApiInfo, Route } from "@weftkit/http";
import { weftkitVersion } from "../identity.ts";
import { createBucketRoute, deleteBucketRoute, getBucketRoute, listBucketsRoute } from "./buckets.ts";
import type { ApiContext } from "./context.ts";
import { multipartRoute, uploadRoute } from "./multipart.ts";
import { deleteObjectRoute, getObjectRoute, listObjectsRoute, putObjectRoute } from "./objects.ts";
import { withProblems } from "./problems.ts";
import { searchRoute } from "./search.ts";

export const prefix = "/v1";

/** Every operation. */
export function routesOf(api: ApiContext): Route[] {
  return [
    createBucketRoute,
    listBucketsRoute,
    getBucketRoute,
    deleteBucketRoute,
    putObjectRoute,
    getObjectRoute,
    deleteObjectRoute,
    listObjectsRoute,
    multipartRoute,
    uploadRoute,
    searchRoute,
  ].map((make) => withProblems(make(api)));
}

export const info: ApiInfo = {
  title: "weftkit/filestore",
  version: weftkitVersion,
  description:
    "Files in buckets. The same buckets and objects are there over the S3 API, at the root of this address.\n\nSend a token with every request: `Authorization: Bearer TOKEN`, where the token is a JSON Web Token, or a configured user's `user:password`. Errors are problem details (RFC 9457) whose `type` says what kind they are.",
  prefix,
  tags: {
    Buckets: "Where objects live. Creating and deleting them needs a role that allows `schema`.",
    Objects: "Files of any size, by key.",
    Uploads: "Large files in parts, which can be sent again one by one.",
    Search: "Finds objects by what is known of them.",
  },
};
