import { createHmac, timingSafeEqual } from "node:crypto";
import { validation } from "../errors.ts";
import type { SelectPosition } from "./select.ts";

const macBytes = 16;

/** A position as a text that holds for one statement only, and that only this engine can make. */
export function writeNextToken(key: Buffer, statement: string, position: SelectPosition): string {
  const content = Buffer.from(JSON.stringify(position));
  return Buffer.concat([mac(key, statement, content), content]).toString("base64");
}

export function readNextToken(key: Buffer, statement: string, text: string): SelectPosition {
  const bytes = Buffer.from(text, "base64");
  const content = bytes.subarray(macBytes);
  const given = bytes.subarray(0, macBytes);
  if (given.length < macBytes || !timingSafeEqual(given, mac(key, statement, content)))
    throw validation("Invalid NextToken");
  return JSON.parse(content.toString()) as SelectPosition;
}

function mac(key: Buffer, statement: string, content: Buffer): Buffer {
  return createHmac("sha256", key)
    .update(statement)
    .update("\0")
    .update(content)
    .digest()
    .subarray(0, macBytes);
}
