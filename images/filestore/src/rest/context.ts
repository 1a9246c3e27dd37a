import type { SecurityContext } from "@weftkit/auth";
import type { Cursors } from "@weftkit/http";
import type { Database } from "@weftkit/store";
import type { S3Action } from "../access/actions.ts";
import { authorize, type ObjectAccess } from "../access/authorize.ts";
import { S3Error } from "../errors.ts";
import type { Services } from "../objects/services.ts";
import { type Bucket, findBucket } from "../storage/buckets.ts";

/** What the operations of the API work with. */
export interface ApiContext {
  readonly services: Services;
  readonly cursors: Cursors;
}

/** A bucket in which a user may do something. @throws S3Error `NoSuchBucket`, `AccessDenied` */
export function bucketFor(
  { services }: ApiContext,
  db: Database,
  user: SecurityContext,
  name: string,
  action: S3Action,
  key?: string,
  object?: ObjectAccess,
): Bucket {
  const bucket = findBucket(db, name);
  if (bucket === undefined) throw new S3Error("NoSuchBucket", `there is no bucket ${name}`);
  const requester = { user, account: services.accounts.of(user) };
  authorize({ requester, action, bucket, key, object, value: () => undefined });
  return bucket;
}
