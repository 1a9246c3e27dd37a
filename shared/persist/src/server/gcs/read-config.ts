import { checkPlace, type Place } from "../read-place.ts";

/** Where a bucket of Google Cloud Storage is, and who gives tokens for it. */
export interface GcsConfig extends Place {
  readonly kind: "gcs";
  readonly endpoint: URL;
  /** The metadata server of the platform. */
  readonly metadata: URL;
}

/** Reads `gs://bucket/prefix`, `WKP_GCS_ENDPOINT` and `GCE_METADATA_HOST`; what is wrong is added to `mistakes`. */
export function readGcsConfig(
  text: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): GcsConfig {
  const url = URL.canParse(text ?? "") ? new URL(text!) : undefined;
  const place = { bucket: url?.host ?? "", prefix: url?.pathname.replace(/^\/+|\/+$/g, "") ?? "" };
  if (url?.protocol === "gs:") checkPlace(place, mistakes, "WKP_STORE");
  else mistakes.push(`WKP_STORE: "${text ?? ""}" is not gs://bucket/prefix`);
  const endpoint = readUrl("WKP_GCS_ENDPOINT", env.WKP_GCS_ENDPOINT || "https://storage.googleapis.com");
  const host = env.GCE_METADATA_HOST || "metadata.google.internal";
  return { kind: "gcs", ...place, endpoint, metadata: readUrl("GCE_METADATA_HOST", `http://${host}`) };

  function readUrl(name: string, value: string): URL {
    if (URL.canParse(value)) return new URL(value);
    mistakes.push(`${name}: "${value}" is no URL`);
    return new URL("http://localhost");
  }
}
