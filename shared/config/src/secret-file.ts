import { readFileSync } from "node:fs";
import type { Reading } from "./read-value.ts";

/** Reads the file that holds a secret, without the line end that editors add. */
export function readSecretFile(path: unknown): Reading {
  if (typeof path !== "string" || path === "") return { problem: "must be the path of a file" };
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    return { problem: `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}` };
  }
  const value = content.replace(/\r?\n$/, "");
  return value === "" ? { problem: `${path} is empty` } : { value };
}
