import { childOf, childrenOf, type XmlElement, xmlElement, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../errors.ts";

type Tags = Readonly<Record<string, string>>;

const objectTagsMax = 10;
const bucketTagsMax = 50;
const nameMax = 128;
const valueMax = 256;
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** `x-amz-tagging`: a query. @throws S3Error `InvalidTag`, `InvalidArgument` */
export function readTagHeader(text: string): Tags {
  const pairs = [...new URLSearchParams(text)];
  return checked(pairs, objectTagsMax);
}

/** `<Tagging>`. @throws S3Error `MalformedXML`, `InvalidTag` */
export function readTagging(element: XmlElement, of: "bucket" | "object"): Tags {
  const set = childOf(element, "TagSet");
  if (element.name !== "Tagging" || set === undefined) throw new S3Error("MalformedXML");
  const pairs = childrenOf(set, "Tag").map((tag): [string, string] => {
    const name = childOf(tag, "Key")?.text;
    const value = childOf(tag, "Value")?.text;
    if (name === undefined || value === undefined) throw new S3Error("MalformedXML");
    return [name, value];
  });
  return checked(pairs, of === "bucket" ? bucketTagsMax : objectTagsMax);
}

function checked(pairs: readonly (readonly [string, string])[], max: number): Tags {
  if (pairs.length > max) {
    throw new S3Error(
      max === objectTagsMax ? "InvalidTag" : "InvalidTag",
      `Object tags cannot be greater than ${max}`,
    );
  }
  const tags: Record<string, string> = {};
  for (const [name, value] of pairs) {
    if (name === "" || name.length > nameMax || !allowed.test(name) || name.startsWith("aws:")) {
      throw new S3Error("InvalidTag", "The TagKey you have provided is invalid", { TagKey: name });
    }
    if (value.length > valueMax || !allowed.test(value)) {
      throw new S3Error("InvalidTag", "The TagValue you have provided is invalid", {
        TagKey: name,
        TagValue: value,
      });
    }
    if (Object.hasOwn(tags, name)) {
      throw new S3Error("InvalidTag", "Cannot provide multiple Tags with the same key", { TagKey: name });
    }
    Object.defineProperty(tags, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return tags;
}

export function taggingXml(tags: Tags): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const set = sorted.map(([name, value]) => xmlElement("Tag", xmlText("Key", name), xmlText("Value", value)));
  return xmlElement("TagSet", ...set);
}
