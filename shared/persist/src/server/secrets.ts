import { readFileSync } from "node:fs";
import type { SigningKey } from "../contract/signing.ts";
import { type KeyIds, readKeys } from "./settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the keys from `WKP_SECRET` and `WKP_SECRET_PREVIOUS`, or from the files that `WKP_SECRET_FILE` and
 * `WKP_SECRET_PREVIOUS_FILE` name. What is wrong is added to `mistakes`.
 */
export function readSecrets(env: Environment, ids: KeyIds, mistakes: string[]): readonly SigningKey[] {
  const names = { current: "WKP_SECRET", previous: "WKP_SECRET_PREVIOUS" };
  const secrets = {
    current: readSecret(env, names.current, mistakes),
    previous: readSecret(env, names.previous, mistakes),
  };
  if (secrets.current === undefined && !env.WKP_SECRET_FILE) {
    mistakes.push("WKP_SECRET: is missing; set it or WKP_SECRET_FILE, for example to `openssl rand -hex 32`");
  }
  return readKeys(ids, secrets, names, mistakes);
}

/** The variable's value, or what is in the file that <name>_FILE names. */
function readSecret(env: Environment, name: string, mistakes: string[]): string | undefined {
  const value = env[name];
  const path = env[`${name}_FILE`];
  if (value && path) mistakes.push(`${name}: is given twice, as ${name} and as ${name}_FILE`);
  if (value || !path) return value || undefined;
  return readConfiguredFile(`${name}_FILE`, path, mistakes)
    ?.toString("utf8")
    .replace(/\r?\n$/, "");
}

/** The file that a variable names; undefined, and a mistake, when it cannot be read. */
export function readConfiguredFile(name: string, path: string, mistakes: string[]): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    mistakes.push(`${name}: cannot read ${path}: ${why}`);
    return undefined;
  }
}
