import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../terminal/failure.ts";

/**
 * Makes the folder that is written to, and those above it. One after the other: where a folder cannot be made for a reason that the
 * system does not tell (beneath /proc), Node's own `recursive` tries for ever.
 *
 * @throws Failure that says what stands in the way
 */
export function requireFolder(path: string): void {
  const missing: string[] = [];
  let present = path;
  while (!exists(present)) {
    missing.unshift(present);
    present = dirname(present);
  }
  if (!statSync(present).isDirectory()) {
    throw new Failure("usage", `--out ${path}: ${present} is a file`, "Name a folder.");
  }
  try {
    accessSync(present, constants.W_OK);
    for (const folder of missing) mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      "usage",
      `--out ${path}: nothing can be written in ${present} (${code})`,
      "Name another folder.",
    );
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return false;
    throw error;
  }
}
