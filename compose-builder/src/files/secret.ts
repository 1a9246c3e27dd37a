import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** How a new secret is made, by its form. */
const forms = {
  /** 192 bits, in letters that need no escaping in a URL. */
  password: () => randomBytes(24).toString("base64url"),
  /** 256 bits, as `openssl rand -hex 32` makes them. */
  key: () => randomBytes(32).toString("hex"),
} as const;

export type SecretForm = keyof typeof forms;

/** The text of a new secret. */
export function makeSecret(form: SecretForm): string {
  return forms[form]();
}

/**
 * Makes a secret at `path`, unless one is there: an existing one is never changed. The file is readable by all,
 * because the container's user must read it; its folder lets nobody else in.
 */
export function keepSecret(path: string, form: SecretForm = "password"): "created" | "kept" {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  try {
    writeFileSync(path, `${makeSecret(form)}\n`, { flag: "wx", mode: 0o644 });
    // The mode above is subject to the umask.
    chmodSync(path, 0o644);
    return "created";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return "kept";
    throw error;
  }
}
