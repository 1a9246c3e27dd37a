import { type AzureConfig, readAzureConfig } from "@weftkit/persist/azure-store";
import type { SigningKey } from "@weftkit/persist/contract";
import { ConfigMistakes, type FunctionSettings, readSecrets, readSettings } from "@weftkit/persist/server";

export interface AzureFunctionConfig extends FunctionSettings {
  readonly store: AzureConfig;
  readonly keys: readonly SigningKey[];
}

/** What stands in a variable whose reference to Key Vault could not be followed. */
const unresolvedReference = /^@Microsoft\.KeyVault\(/;

/**
 * Reads the function's variables; the secrets among them are references to Key Vault, which the platform replaces.
 *
 * @throws ConfigMistakes with every mistake there is
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): AzureFunctionConfig {
  const mistakes: string[] = [];
  const settings = readSettings(env, mistakes);
  const store = readAzureConfig(env.WKP_STORE, env, mistakes);
  const keys = readSecrets(env, settings.keyIds, mistakes);
  for (const name of ["WKP_SECRET", "WKP_SECRET_PREVIOUS"]) {
    if (!unresolvedReference.test(env[name] ?? "")) continue;
    mistakes.push(
      `${name}: Key Vault did not give it; the function's identity needs "Key Vault Secrets User"`,
    );
  }
  if (mistakes.length > 0) throw new ConfigMistakes(mistakes);
  return { ...settings, store, keys };
}
