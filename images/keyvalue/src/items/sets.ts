import { compareNumbers } from "./decimal.ts";

/** Sets come back in order: texts and bytes by their bytes, numbers by value. They are sorted when they are written. */
export function sortSet(type: "SS" | "NS" | "BS", members: string[]): string[] {
  if (members.length < 2) return members;
  if (type === "NS") return members.sort(compareNumbers);
  const encoding = type === "BS" ? "base64" : "utf8";
  return members
    .map((member) => [member, Buffer.from(member, encoding)] as const)
    .sort(([, a], [, b]) => Buffer.compare(a, b))
    .map(([member]) => member);
}
