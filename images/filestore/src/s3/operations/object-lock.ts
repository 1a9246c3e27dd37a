import { childOf, textOf, xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { S3Error } from "../../errors.ts";
import { requireStricter } from "../../objects/object-lock.ts";
import { type Bucket, type DefaultRetention, updateSettings } from "../../storage/buckets.ts";
import { updateDetails } from "../../storage/versions.ts";
import { emptyReply, isoTime, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";

export const getObjectLockConfigurationOperation: Operation = {
  name: "GetObjectLockConfiguration",
  on: "bucket",
  method: "GET",
  query: "object-lock",
  run: async (call) => {
    const { settings } = await call.services.read((db) =>
      call.bucket(db, "s3:GetBucketObjectLockConfiguration"),
    );
    if (settings.hasObjectLock !== true) throw new S3Error("ObjectLockConfigurationNotFoundError");
    const { defaultRetention: retention } = settings;
    const rule =
      retention &&
      xmlElement(
        "Rule",
        xmlElement(
          "DefaultRetention",
          xmlText("Mode", retention.mode),
          xmlText("Days", retention.days),
          xmlText("Years", retention.years),
        ),
      );
    const body = xmlText("ObjectLockEnabled", "Enabled") + (rule ?? "");
    return xmlReply(xmlDocument("ObjectLockConfiguration", namespace, body));
  },
};

export const putObjectLockConfigurationOperation: Operation = {
  name: "PutObjectLockConfiguration",
  on: "bucket",
  method: "PUT",
  query: "object-lock",
  run: async (call) => {
    const request = await call.xml("ObjectLockConfiguration");
    if (textOf(request, "ObjectLockEnabled") !== "Enabled") throw new S3Error("MalformedXML");
    const rule = childOf(request, "Rule");
    const defaultRetention = rule && retentionOf(rule);
    await call.services.write((db) => {
      const bucket = call.bucket(db, "s3:PutBucketObjectLockConfiguration");
      if (bucket.versioning !== "on") {
        throw new S3Error(
          "InvalidBucketState",
          "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        );
      }
      updateSettings(db, bucket, { hasObjectLock: true, defaultRetention });
    });
    return emptyReply(200);
  },
};

function retentionOf(rule: NonNullable<ReturnType<typeof childOf>>): DefaultRetention {
  const retention = childOf(rule, "DefaultRetention");
  const mode = retention && textOf(retention, "Mode");
  if (retention === undefined || (mode !== "GOVERNANCE" && mode !== "COMPLIANCE"))
    throw new S3Error("MalformedXML");
  const days = textOf(retention, "Days");
  const years = textOf(retention, "Years");
  if ((days === undefined) === (years === undefined)) throw new S3Error("MalformedXML");
  const count = Number(days ?? years);
  if (!Number.isInteger(count) || count < 1) {
    throw new S3Error("InvalidRetentionPeriod", "Default retention period must be a positive integer value");
  }
  if (count > (days === undefined ? 100 : 36_500)) throw new S3Error("InvalidRetentionPeriod");
  return days === undefined ? { mode, years: count } : { mode, days: count };
}

/** The bucket of an object whose lock is asked about. @throws S3Error `InvalidRequest` */
function requireLock({ settings }: Bucket): void {
  if (settings.hasObjectLock !== true) {
    throw new S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration");
  }
}

const retentionActions = {
  get: { latest: "s3:GetObjectRetention", version: "s3:GetObjectRetention" },
  put: { latest: "s3:PutObjectRetention", version: "s3:PutObjectRetention" },
} as const;

export const getObjectRetentionOperation: Operation = {
  name: "GetObjectRetention",
  on: "object",
  method: "GET",
  query: "retention",
  run: async (call) => {
    const { version } = await call.services.read((db) => lockedObject(db, call, retentionActions.get));
    const { lock } = version.details;
    if (lock?.mode === undefined || lock.until === undefined)
      throw new S3Error("NoSuchObjectLockConfiguration");
    const body = xmlText("Mode", lock.mode) + xmlText("RetainUntilDate", isoTime(lock.until));
    return xmlReply(xmlDocument("Retention", namespace, body));
  },
};

export const putObjectRetentionOperation: Operation = {
  name: "PutObjectRetention",
  on: "object",
  method: "PUT",
  query: "retention",
  run: async (call) => {
    const request = await call.xml("Retention");
    const mode = textOf(request, "Mode");
    const date = textOf(request, "RetainUntilDate");
    const until = date === undefined ? undefined : Date.parse(date);
    const isEmpty = mode === undefined && date === undefined;
    if (
      !isEmpty &&
      ((mode !== "GOVERNANCE" && mode !== "COMPLIANCE") || until === undefined || Number.isNaN(until))
    ) {
      throw new S3Error("MalformedXML");
    }
    if (until !== undefined && until <= call.nowMs) {
      throw new S3Error("InvalidArgument", "The retain until date must be in the future!");
    }
    await call.services.write((db) => {
      const { bucket, version } = lockedObject(db, call, retentionActions.put);
      const { lock } = version.details;
      const next = isEmpty ? {} : { mode: mode as "GOVERNANCE", until: until! };
      const wantsBypass = call.header("x-amz-bypass-governance-retention")?.toLowerCase() === "true";
      requireStricter(lock, next, {
        nowMs: call.nowMs,
        bypassesGovernance: wantsBypass && call.isAllowed(bucket, "s3:BypassGovernanceRetention", call.key),
      });
      updateDetails(db, version, { lock: { ...(lock?.hold !== undefined && { hold: lock.hold }), ...next } });
    });
    return emptyReply(200);
  },
};

const holdActions = {
  get: { latest: "s3:GetObjectLegalHold", version: "s3:GetObjectLegalHold" },
  put: { latest: "s3:PutObjectLegalHold", version: "s3:PutObjectLegalHold" },
} as const;

export const getObjectLegalHoldOperation: Operation = {
  name: "GetObjectLegalHold",
  on: "object",
  method: "GET",
  query: "legal-hold",
  run: async (call) => {
    const { version } = await call.services.read((db) => lockedObject(db, call, holdActions.get));
    const { lock } = version.details;
    if (lock?.hold === undefined) throw new S3Error("NoSuchObjectLockConfiguration");
    return xmlReply(xmlDocument("LegalHold", namespace, xmlText("Status", lock.hold ? "ON" : "OFF")));
  },
};

export const putObjectLegalHoldOperation: Operation = {
  name: "PutObjectLegalHold",
  on: "object",
  method: "PUT",
  query: "legal-hold",
  run: async (call) => {
    const status = textOf(await call.xml("LegalHold"), "Status");
    if (status !== "ON" && status !== "OFF") throw new S3Error("MalformedXML");
    await call.services.write((db) => {
      const { version } = lockedObject(db, call, holdActions.put);
      updateDetails(db, version, { lock: { ...version.details.lock, hold: status === "ON" } });
    });
    return emptyReply(200);
  },
};

function lockedObject(
  db: Database,
  call: Call,
  actions: Parameters<Call["object"]>[1],
): ReturnType<Call["object"]> {
  const found = call.object(db, actions);
  requireLock(found.bucket);
  return found;
}
