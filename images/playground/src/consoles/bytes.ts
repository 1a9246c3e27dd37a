import { isUtf8 } from "node:buffer";
import type { Bytes } from "../api.ts";

/** Bytes as the page takes them: text where they are UTF-8. */
export function toBytes(buffer: Buffer): Bytes {
  return isUtf8(buffer) ? buffer.toString() : { base64: buffer.toString("base64") };
}

export function fromBytes(bytes: Bytes): Buffer {
  return typeof bytes === "string" ? Buffer.from(bytes) : Buffer.from(bytes.base64, "base64");
}
