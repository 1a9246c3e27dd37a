import type { SigningKey } from "@weftkit/persist/contract";
import { type GcsConfig, readGcsConfig } from "@weftkit/persist/gcs-store";
import { ConfigMistakes, type FunctionSettings, readSecrets, readSettings } from "@weftkit/persist/server";

export interface GcpConfig extends FunctionSettings {
  readonly store: GcsConfig;
  readonly keys: readonly SigningKey[];
}

/**
 * Reads the function's variables; the secrets among them are set by the platform from Secret Manager.
 *
 * @throws ConfigMistakes with every mistake there is
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): GcpConfig {
  const mistakes: string[] = [];
  const settings = readSettings(env, mistakes);
  const store = readGcsConfig(env.WKP_STORE, env, mistakes);
  const keys = readSecrets(env, settings.keyIds, mistakes);
  if (mistakes.length > 0) throw new ConfigMistakes(mistakes);
  return { ...settings, store, keys };
}
