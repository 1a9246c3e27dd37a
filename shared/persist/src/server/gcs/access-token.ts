import { WeftkitError } from "@weftkit/core";
import { Renewed } from "../renewed.ts";

const path =
  "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https://www.googleapis.com/auth/devstorage.read_write";
const timeoutMs = 5000;
/** The metadata server gives the same token until it holds for less than some minutes. */
const renewBeforeMs = 180_000;

/** Access tokens of the service account that the platform runs this as. */
export function accessTokens(metadata: URL): Renewed<string> {
  return new Renewed(async () => {
    try {
      const response = await fetch(new URL(path, metadata), {
        headers: { "metadata-flavor": "Google" },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) throw new Error(`${metadata.host} answered ${response.status}`);
      const reply = (await response.json()) as { access_token?: unknown; expires_in?: unknown };
      const { access_token: value, expires_in: seconds } = reply;
      if (typeof value !== "string" || typeof seconds !== "number") throw new Error("it gave no token");
      const expiresAtMs = Date.now() + seconds * 1000;
      return { value, expiresAtMs, renewAtMs: expiresAtMs - renewBeforeMs };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `no access token of the service account: ${reason}`;
      throw new WeftkitError("credentials_unavailable", message, { cause: error });
    }
  });
}
