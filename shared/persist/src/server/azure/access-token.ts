import { WeftkitError } from "@weftkit/core";
import { Renewed } from "../renewed.ts";
import type { IdentityConfig } from "./read-config.ts";

const timeoutMs = 5000;
const renewBeforeMs = 300_000;

/** Access tokens of the managed identity, for Azure Storage. */
export function accessTokens({ endpoint, header, clientId }: IdentityConfig): Renewed<string> {
  const url = new URL(endpoint);
  url.searchParams.set("resource", "https://storage.azure.com/");
  url.searchParams.set("api-version", "2019-08-01");
  if (clientId !== undefined) url.searchParams.set("client_id", clientId);
  return new Renewed(async () => {
    try {
      const response = await fetch(url, {
        headers: { "x-identity-header": header },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) throw new Error(`${url.host} answered ${response.status}`);
      const reply = (await response.json()) as { access_token?: unknown; expires_on?: unknown };
      const { access_token: value, expires_on: seconds } = reply;
      const expiresAtMs = Number(seconds) * 1000;
      if (typeof value !== "string" || Number.isNaN(expiresAtMs)) throw new Error("it gave no token");
      return { value, expiresAtMs, renewAtMs: expiresAtMs - renewBeforeMs };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `no access token of the managed identity: ${reason}`;
      throw new WeftkitError("credentials_unavailable", message, { cause: error });
    }
  });
}
