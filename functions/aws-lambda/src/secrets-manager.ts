import { WeftkitError } from "@weftkit/core";
import type { SigningKey } from "@weftkit/persist/contract";
import { ConfigMistakes, type KeyIds, Renewed, readKeys } from "@weftkit/persist/server";
import { AwsV4Signer } from "aws4fetch";
import type { RoleCredentials, SecretConfig } from "./config.ts";

/** A secret that was replaced is known after this time; until then both are valid here, or the old one alone. */
const renewAfterMs = 300_000;
const timeoutMs = 5000;

/**
 * The signing keys of a secret: its current version, and the one before it, so that a rotation is a new version of the
 * secret and nothing else. While Secrets Manager does not answer, what was read last is used on.
 */
export function secretKeys(
  { id, endpoint }: SecretConfig,
  region: string,
  credentials: RoleCredentials,
  ids: KeyIds,
): Renewed<readonly SigningKey[]> {
  const read = (stage: string) => getSecretValue(id, stage, endpoint, region, credentials);
  return new Renewed(async () => {
    const [current, previous] = await Promise.all([read("AWSCURRENT"), read("AWSPREVIOUS")]);
    if (current === undefined) {
      throw new WeftkitError(
        "secret_unavailable",
        `the secret ${id} is not there, or has no current version`,
      );
    }
    const names = { current: `the secret ${id}`, previous: `the previous version of the secret ${id}` };
    const mistakes: string[] = [];
    const value = readKeys(ids, { current, previous }, names, mistakes);
    if (mistakes.length > 0) throw new ConfigMistakes(mistakes);
    return { value, renewAtMs: Date.now() + renewAfterMs, expiresAtMs: Number.POSITIVE_INFINITY };
  });
}

/** Undefined when there is no such version. */
async function getSecretValue(
  id: string,
  stage: string,
  endpoint: URL,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: RoleCredentials,
): Promise<string | undefined> {
  const signer = new AwsV4Signer({
    method: "POST",
    url: endpoint.href,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "secretsmanager.GetSecretValue",
    },
    body: JSON.stringify({ SecretId: id, VersionStage: stage }),
    accessKeyId,
    secretAccessKey,
    region,
    service: "secretsmanager",
    ...(sessionToken !== undefined && { sessionToken }),
  });
  const { url, method, headers, body } = await signer.sign();
  const response = await fetch(url, {
    method,
    headers,
    body: body ?? null,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const reply = (await response.json()) as { readonly SecretString?: string; readonly __type?: string };
  if (response.ok && typeof reply.SecretString === "string") return reply.SecretString;
  const type = reply.__type?.split("#").at(-1) ?? "an answer without a text";
  if (type === "ResourceNotFoundException") return undefined;
  throw new WeftkitError(
    "secret_unavailable",
    `Secrets Manager answered ${response.status} ${type} when it was asked for ${id}; the role needs secretsmanager:GetSecretValue`,
  );
}
