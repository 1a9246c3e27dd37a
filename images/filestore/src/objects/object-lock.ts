import { S3Error } from "../errors.ts";
import type { Bucket, DefaultRetention } from "../storage/buckets.ts";
import type { ObjectLock } from "../storage/details.ts";
import type { Version } from "../storage/versions.ts";

const dayMs = 86_400_000;

/** The lock that a new object gets: the one that was asked for, or the bucket's. @throws S3Error `InvalidRequest` */
export function lockOfNew(
  bucket: Bucket,
  asked: ObjectLock | undefined,
  nowMs: number,
): ObjectLock | undefined {
  const { hasObjectLock, defaultRetention } = bucket.settings;
  if (asked !== undefined && hasObjectLock !== true) {
    throw new S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration");
  }
  if (asked?.mode !== undefined || defaultRetention === undefined) return asked;
  return { ...asked, mode: defaultRetention.mode, until: nowMs + retentionMs(defaultRetention, nowMs) };
}

function retentionMs({ days, years }: DefaultRetention, nowMs: number): number {
  if (days !== undefined) return days * dayMs;
  const end = new Date(nowMs);
  end.setUTCFullYear(end.getUTCFullYear() + (years ?? 0));
  return end.getTime() - nowMs;
}

/** @throws S3Error `AccessDenied` when the version is kept */
export function requireUnlocked(
  { details: { lock } }: Version,
  { nowMs, bypassesGovernance }: { readonly nowMs: number; readonly bypassesGovernance: boolean },
): void {
  if (lock === undefined) return;
  if (lock.hold === true) throw kept();
  if (lock.until === undefined || lock.until <= nowMs) return;
  if (lock.mode === "GOVERNANCE" && bypassesGovernance) return;
  throw kept();
}

/** Whether a retention may take the place of the one that is there: a stricter one always. @throws S3Error `AccessDenied` */
export function requireStricter(
  lock: ObjectLock | undefined,
  next: ObjectLock,
  { nowMs, bypassesGovernance }: { readonly nowMs: number; readonly bypassesGovernance: boolean },
): void {
  if (lock?.mode === undefined || lock.until === undefined || lock.until <= nowMs) return;
  const isShorter = next.until === undefined || next.until < lock.until;
  if (lock.mode === "COMPLIANCE" && (isShorter || next.mode !== "COMPLIANCE")) throw kept();
  if (lock.mode === "GOVERNANCE" && (isShorter || next.mode !== "GOVERNANCE") && !bypassesGovernance)
    throw kept();
}

function kept(): S3Error {
  return new S3Error("AccessDenied", "Access Denied because object protected by object lock.");
}
