import type { Json } from "../../api.ts";

const charsMax = 1000;
const elementsMax = 100;
/** A document that is longer as JSON is shown in part. */
export const documentCharsMax = 64 * 1024;

/** A value of which long texts and lists are cut, and say so. */
export function abridge(value: Json): Json {
  if (typeof value === "string") {
    return value.length > charsMax ? `${value.slice(0, charsMax)}… (of ${value.length} characters)` : value;
  }
  if (Array.isArray(value)) {
    const kept = value.slice(0, elementsMax).map(abridge);
    return kept.length < value.length ? [...kept, `… (of ${value.length} elements)`] : kept;
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value);
  const kept = members.slice(0, elementsMax).map(([name, member]): [string, Json] => [name, abridge(member)]);
  if (kept.length < members.length) kept.push(["…", `of ${members.length} fields`]);
  return Object.fromEntries(kept);
}
