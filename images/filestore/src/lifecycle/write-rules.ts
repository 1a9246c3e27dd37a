import { xmlElement, xmlText } from "@weftkit/http-aws";
import type { LifecycleRule, Transition } from "../storage/lifecycle-rule.ts";

/** `<Rule>` of each. */
export function rulesXml(rules: readonly LifecycleRule[]): string {
  return rules.map(ruleXml).join("");
}

function ruleXml(rule: LifecycleRule): string {
  const { expiration, noncurrentExpiration, abortUploadsDays } = rule;
  return xmlElement(
    "Rule",
    expiration === undefined
      ? ""
      : xmlElement(
          "Expiration",
          xmlText("Days", expiration.days),
          xmlText("Date", dateText(expiration.date)),
          xmlText("ExpiredObjectDeleteMarker", expiration.lonelyMarkers),
        ),
    xmlText("ID", rule.id),
    rule.form === "prefix" ? xmlText("Prefix", rule.prefix ?? "") : xmlElement("Filter", filterXml(rule)),
    xmlText("Status", rule.isEnabled ? "Enabled" : "Disabled"),
    ...(rule.transitions ?? []).map(transitionXml),
    ...(rule.noncurrentTransitions ?? []).map(({ days, newerKept, storageClass }) =>
      xmlElement(
        "NoncurrentVersionTransition",
        xmlText("NoncurrentDays", days),
        xmlText("NewerNoncurrentVersions", newerKept),
        xmlText("StorageClass", storageClass),
      ),
    ),
    noncurrentExpiration === undefined
      ? ""
      : xmlElement(
          "NoncurrentVersionExpiration",
          xmlText("NoncurrentDays", noncurrentExpiration.days),
          xmlText("NewerNoncurrentVersions", noncurrentExpiration.newerKept),
        ),
    abortUploadsDays === undefined
      ? ""
      : xmlElement("AbortIncompleteMultipartUpload", xmlText("DaysAfterInitiation", abortUploadsDays)),
  );
}

function filterXml({ prefix, tags = {}, sizeAbove, sizeBelow }: LifecycleRule): string {
  const parts = [
    xmlText("Prefix", prefix),
    ...Object.entries(tags).map(([key, value]) =>
      xmlElement("Tag", xmlText("Key", key), xmlText("Value", value)),
    ),
    xmlText("ObjectSizeGreaterThan", sizeAbove),
    xmlText("ObjectSizeLessThan", sizeBelow),
  ].filter((part) => part !== "");
  return parts.length > 1 ? xmlElement("And", ...parts) : parts.join("");
}

function transitionXml({ days, date, storageClass }: Transition): string {
  return xmlElement(
    "Transition",
    xmlText("Days", days),
    xmlText("Date", dateText(date)),
    xmlText("StorageClass", storageClass),
  );
}

function dateText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
