import { checkPlace, type Place } from "../read-place.ts";

/** Where a container of Azure Blob Storage is, and who gives tokens for it. */
export interface AzureConfig extends Place {
  readonly kind: "azure";
  /** The container's URL, without a slash at its end. */
  readonly container: URL;
  readonly identity: IdentityConfig;
}

/** The managed identity of a function app, as App Service gives it. */
export interface IdentityConfig {
  readonly endpoint: URL;
  readonly header: string;
  /** Undefined for the one that the system has assigned. */
  readonly clientId: string | undefined;
}

/**
 * Reads `https://account.blob.core.windows.net/container`, `WKP_PREFIX`, and the variables of the platform; what is wrong is
 * added to `mistakes`.
 */
export function readAzureConfig(
  text: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): AzureConfig {
  const url = URL.canParse(text ?? "") ? new URL(text!) : new URL("https://localhost");
  const path = url.pathname.replace(/\/+$/, "");
  const place = { bucket: path.split("/").at(-1)!, prefix: env.WKP_PREFIX ?? "" };
  // The token goes with every request.
  if (url.protocol === "https:" && place.bucket !== "" && url.search === "") {
    checkPlace(place, mistakes, "WKP_STORE, WKP_PREFIX");
  } else {
    mistakes.push(
      `WKP_STORE: "${text ?? ""}" is no URL like https://account.blob.core.windows.net/container`,
    );
  }
  const { IDENTITY_ENDPOINT = "", IDENTITY_HEADER = "" } = env;
  const hasIdentity = URL.canParse(IDENTITY_ENDPOINT) && IDENTITY_HEADER !== "";
  if (!hasIdentity) {
    mistakes.push(
      "IDENTITY_ENDPOINT, IDENTITY_HEADER: are missing; give the function app a managed identity",
    );
  }
  return {
    kind: "azure",
    ...place,
    container: new URL(path, url),
    identity: {
      endpoint: new URL(hasIdentity ? IDENTITY_ENDPOINT : "http://localhost"),
      header: IDENTITY_HEADER,
      clientId: env.AZURE_CLIENT_ID || undefined,
    },
  };
}
