import { expirationOf } from "../lifecycle/decide.ts";
import type { Bucket } from "../storage/buckets.ts";
import type { Version } from "../storage/versions.ts";
import type { Call } from "./call.ts";

/** `x-amz-expiration`: when an object expires by the bucket's rules, and by which. */
export function expirationHeader(call: Call, { settings }: Bucket, version: Version): Record<string, string> {
  if (settings.lifecycle === undefined) return {};
  const expiration = expirationOf(settings.lifecycle, version, call.services.lifecycleDayMs);
  if (expiration === undefined) return {};
  const { at, rule } = expiration;
  return {
    "x-amz-expiration": `expiry-date="${new Date(at).toUTCString()}", rule-id="${encodeURIComponent(rule.id)}"`,
  };
}
