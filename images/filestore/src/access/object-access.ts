import type { Version } from "../storage/versions.ts";
import { privateAcl } from "./acl.ts";
import type { ObjectAccess } from "./authorize.ts";

export function accessOf({ account, details: { acl, tags } }: Version): ObjectAccess {
  return { owner: account, acl: acl ?? privateAcl(account), tags };
}
