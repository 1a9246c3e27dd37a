import { randomUUID } from "node:crypto";
import { childOf, childrenOf, textOf, type XmlElement } from "@weftkit/http-aws";
import { S3Error } from "../errors.ts";
import type { LifecycleRule, Transition } from "../storage/lifecycle-rule.ts";

const rulesMax = 1000;
const idLengthMax = 255;
const classes: ReadonlySet<string> = new Set([
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "GLACIER_IR",
  "DEEP_ARCHIVE",
]);

/** Reads `<LifecycleConfiguration>`. @throws S3Error `MalformedXML`, `InvalidArgument` */
export function readRules(configuration: XmlElement): LifecycleRule[] {
  const elements = childrenOf(configuration, "Rule");
  if (elements.length === 0 || elements.length > rulesMax) throw malformed();
  const rules = elements.map(readRule);
  if (new Set(rules.map(({ id }) => id)).size !== rules.length) {
    throw new S3Error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule");
  }
  return rules;
}

function readRule(rule: XmlElement): LifecycleRule {
  const status = textOf(rule, "Status");
  if (status !== "Enabled" && status !== "Disabled") throw malformed();
  const id = textOf(rule, "ID") || randomUUID();
  if (id.length > idLengthMax) {
    throw new S3Error("InvalidArgument", `ID length should not exceed allowed limit of ${idLengthMax}`);
  }
  const filter = childOf(rule, "Filter");
  const prefix = childOf(rule, "Prefix");
  if (filter !== undefined && prefix !== undefined) throw malformed();
  const expiration = childOf(rule, "Expiration");
  const noncurrent = childOf(rule, "NoncurrentVersionExpiration");
  const abort = childOf(rule, "AbortIncompleteMultipartUpload");
  const transitions = childrenOf(rule, "Transition").map(readTransition);
  const noncurrentTransitions = childrenOf(rule, "NoncurrentVersionTransition").map((element) => {
    const newerKept = countOf(element, "NewerNoncurrentVersions");
    const days = countOf(element, "NoncurrentDays");
    if (days === undefined) throw malformed();
    return { days, storageClass: classOf(element), ...(newerKept !== undefined && { newerKept }) };
  });
  if (!expiration && !noncurrent && !abort && transitions.length + noncurrentTransitions.length === 0)
    throw malformed();
  return {
    id,
    isEnabled: status === "Enabled",
    ...(filter === undefined
      ? { form: "prefix", prefix: prefix?.text.trim() ?? "" }
      : { form: "filter", ...readFilter(filter) }),
    ...(expiration !== undefined && { expiration: readExpiration(expiration) }),
    ...(noncurrent !== undefined && { noncurrentExpiration: readNoncurrent(noncurrent) }),
    ...(transitions.length > 0 && { transitions }),
    ...(noncurrentTransitions.length > 0 && { noncurrentTransitions }),
    ...(abort !== undefined && { abortUploadsDays: requirePositive(countOf(abort, "DaysAfterInitiation")) }),
  };
}

function readFilter(filter: XmlElement): Pick<LifecycleRule, "prefix" | "tags" | "sizeAbove" | "sizeBelow"> {
  const and = childOf(filter, "And");
  const of = and ?? filter;
  const prefix = childOf(of, "Prefix")?.text;
  const tags = childrenOf(of, "Tag").map(
    (tag) => [textOf(tag, "Key") ?? "", textOf(tag, "Value") ?? ""] as const,
  );
  const sizeAbove = countOf(of, "ObjectSizeGreaterThan");
  const sizeBelow = countOf(of, "ObjectSizeLessThan");
  if (and === undefined && filter.children.length > 1) throw malformed();
  return {
    ...(prefix !== undefined && { prefix }),
    ...(tags.length > 0 && { tags: Object.fromEntries(tags) }),
    ...(sizeAbove !== undefined && { sizeAbove }),
    ...(sizeBelow !== undefined && { sizeBelow }),
  };
}

function readExpiration(element: XmlElement): NonNullable<LifecycleRule["expiration"]> {
  const days = countOf(element, "Days");
  const date = dateOf(element);
  const marker = textOf(element, "ExpiredObjectDeleteMarker");
  if ([days, date, marker].filter((one) => one !== undefined).length !== 1) throw malformed();
  if (days !== undefined) return { days: requirePositive(days) };
  return date === undefined ? { lonelyMarkers: marker === "true" } : { date };
}

function readNoncurrent(element: XmlElement): NonNullable<LifecycleRule["noncurrentExpiration"]> {
  const days = countOf(element, "NoncurrentDays");
  const newerKept = countOf(element, "NewerNoncurrentVersions");
  if (days === undefined) throw malformed();
  return { days: requirePositive(days), ...(newerKept !== undefined && { newerKept }) };
}

function readTransition(element: XmlElement): Transition {
  const days = countOf(element, "Days");
  const date = dateOf(element);
  if ((days === undefined) === (date === undefined)) throw malformed();
  const storageClass = classOf(element);
  return days === undefined ? { date: date!, storageClass } : { days, storageClass };
}

function classOf(element: XmlElement): string {
  const name = textOf(element, "StorageClass");
  if (name === undefined || !classes.has(name)) throw malformed();
  return name;
}

function countOf(element: XmlElement, name: string): number | undefined {
  const text = textOf(element, name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw malformed();
  return Number(text);
}

function requirePositive(days: number | undefined): number {
  if (days === undefined) throw malformed();
  if (days > 0) return days;
  throw new S3Error("InvalidArgument", "'Days' for Expiration action must be a positive integer");
}

/** Midnight in UTC, as S3 wants it. */
function dateOf(element: XmlElement): number | undefined {
  const text = textOf(element, "Date");
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw malformed();
  if (ms % 86_400_000 !== 0) throw new S3Error("InvalidArgument", "'Date' must be at midnight GMT");
  return ms;
}

function malformed(): S3Error {
  return new S3Error("MalformedXML");
}
