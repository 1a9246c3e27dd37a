import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** 192 bits, in letters that need no escaping in a URL. */
const passwordBytes = 24;

/**
 * Makes a password at `path`, unless one is there: an existing one is never changed. The file is readable by all,
 * because the container's user must read it; its folder lets nobody else in.
 */
export function keepSecret(path: string): "created" | "kept" {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  try {
    writeFileSync(path, `${randomBytes(passwordBytes).toString("base64url")}\n`, { flag: "wx", mode: 0o644 });
    // The mode above is subject to the umask.
    chmodSync(path, 0o644);
    return "created";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return "kept";
    throw error;
  }
}
