import type { FileVersion } from "../../api.ts";

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The versions and deletion markers of S3's ListObjectVersions, in the order of the answer: the newest of each key first. */
export function readVersions(xml: string): FileVersion[] {
  return [...xml.matchAll(/<(Version|DeleteMarker)>([\s\S]*?)<\/\1>/g)].map(([, kind, inner = ""]) => {
    const text = (name: string) => decode(new RegExp(`<${name}>([^<]*)</${name}>`).exec(inner)?.[1] ?? "");
    return {
      key: text("Key"),
      id: text("VersionId"),
      isLatest: text("IsLatest") === "true",
      isDeletion: kind === "DeleteMarker",
      at: text("LastModified"),
      size: Number(text("Size")),
    };
  });
}

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name] ?? whole;
  });
}
