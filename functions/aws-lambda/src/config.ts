import { readS3Config, type S3Config } from "@weftkit/persist/s3-store";
import { ConfigMistakes, type FunctionSettings, readSettings } from "@weftkit/persist/server";

export interface LambdaConfig extends FunctionSettings {
  readonly store: S3Config;
  readonly secret: SecretConfig;
  /** Those of the function's role; Lambda replaces the instance before they expire. */
  readonly credentials: RoleCredentials;
}

export type RoleCredentials = Extract<S3Config["credentials"], { readonly kind: "static" }>;

/** Where the signing keys are: a secret of Secrets Manager. */
export interface SecretConfig {
  /** The secret's ARN or name. */
  readonly id: string;
  readonly endpoint: URL;
}

/**
 * Reads the function's variables; region and credentials are those that Lambda sets.
 *
 * @throws ConfigMistakes with every mistake there is
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): LambdaConfig {
  const mistakes: string[] = [];
  const bucket = env.WKP_STORE ?? "";
  const url = URL.canParse(bucket) ? new URL(bucket) : undefined;
  if (url?.protocol !== "s3:") mistakes.push(`WKP_STORE: "${bucket}" is not s3://bucket/prefix`);
  const store = readS3Config(url ?? new URL("s3://bucket"), env, mistakes, "WKP_STORE");
  const id = env.WKP_SECRET_ARN ?? "";
  if (id === "") mistakes.push("WKP_SECRET_ARN: is missing; the secret of Secrets Manager with the HMAC key");
  const host = `https://secretsmanager.${store.region}.amazonaws.com`;
  const endpoint = env.AWS_ENDPOINT_URL_SECRETS_MANAGER || host;
  if (!URL.canParse(endpoint)) mistakes.push(`AWS_ENDPOINT_URL_SECRETS_MANAGER: "${endpoint}" is no URL`);
  const { credentials } = store;
  if (credentials.kind !== "static") {
    mistakes.push("AWS_ACCESS_KEY_ID: is missing; Lambda sets it where the function has a role");
  }
  const settings = readSettings(env, mistakes);
  if (mistakes.length > 0 || credentials.kind !== "static") throw new ConfigMistakes(mistakes);
  return { ...settings, store, credentials, secret: { id, endpoint: new URL(endpoint) } };
}
