import type { Bytes } from "../../src/api.ts";

/** Bytes as people read them: text, or what is no text as in redis-cli's quotes. */
export function showBytes(bytes: Bytes): string {
  if (typeof bytes === "string") return bytes;
  return Array.from(atob(bytes.base64), (char) => {
    const code = char.charCodeAt(0);
    return code >= 0x20 && code < 0x7f ? char : `\\x${code.toString(16).padStart(2, "0")}`;
  }).join("");
}
