import type { Persistence, Secret, SecretMount } from "./model.ts";

/** The secret that engines and function share. */
export const persistSecret: Secret = { name: "persist_secret", form: "key" };
/** What engines encrypt with before anything leaves them; the function never has it. */
export const encryptionKey: Secret = { name: "persist_encryption_key", form: "key" };

/** The name of the shared secret for those who sign and check with it. */
export const keyId = "default";

/** The configuration's own defaults, written out so that they can be found and changed in the compose file. */
const defaults = {
  WEFTKIT_PERSIST_MAX_LAG: "32MB",
  WEFTKIT_PERSIST_RESTORE_ON_BOOT: "auto",
  WEFTKIT_PERSIST_RETENTION: "24h all, 7d daily",
} as const;

/** Secrets that persistence needs. */
export function persistenceSecrets(persistence: Persistence): readonly Secret[] {
  if (persistence.mode === "disabled") return [];
  return persistence.encrypted ? [persistSecret, encryptionKey] : [persistSecret];
}

/** The variables that make an engine push and restore, but the shutdown budget, which holds in every mode. */
export function persistenceEnvironment(
  persistence: Persistence,
  replica: string,
): Readonly<Record<string, string>> {
  const { mode } = persistence;
  if (mode === "disabled") return { WEFTKIT_PERSIST_MODE: mode };
  const { url, schedule, namespace, encrypted } = persistence;
  return {
    WEFTKIT_PERSIST_MODE: mode,
    WEFTKIT_PERSIST_URL: url,
    WEFTKIT_PERSIST_SECRET_FILE: mountOf(persistSecret).path,
    WEFTKIT_PERSIST_KEY_ID: keyId,
    WEFTKIT_PERSIST_NAMESPACE: namespace,
    WEFTKIT_PERSIST_REPLICA: replica,
    WEFTKIT_PERSIST_SCHEDULE: schedule,
    ...defaults,
    ...(encrypted && { WEFTKIT_PERSIST_ENCRYPTION_KEY_FILE: mountOf(encryptionKey).path }),
  };
}

/** Where a service reads a secret. */
export function mountOf({ name }: Secret): SecretMount {
  return { name, path: `/run/secrets/${name}` };
}
