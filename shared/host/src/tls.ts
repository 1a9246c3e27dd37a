import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { type Config, ConfigError, type Mistake } from "@weftkit/config";
import { watchFiles } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";

/** The certificates of a TLS server, ready to use. */
export interface TlsMaterial extends SecureContextOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: "TLSv1.2";
}

/**
 * Reads the certificates; undefined when TLS is off. The CA is used with `auth.method = "mtls"` only.
 *
 * @throws ConfigError when a file cannot be read, or key and certificate do not belong together.
 */
export function readTls({ tls, auth }: Config): TlsMaterial | undefined {
  if (!tls.enabled) return undefined;
  const mistakes: Mistake[] = [];
  const read = (key: "cert_file" | "key_file" | "ca_file"): Buffer => {
    const path = tls[key] ?? "";
    try {
      return readFileSync(path);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      mistakes.push({ where: `tls.${key}`, message: `cannot read ${path}: ${reason}` });
      return Buffer.alloc(0);
    }
  };
  const material: TlsMaterial = {
    cert: read("cert_file"),
    key: read("key_file"),
    ...(auth.method === "mtls" && { ca: read("ca_file") }),
    minVersion: "TLSv1.2",
  };
  if (mistakes.length === 0) {
    try {
      createSecureContext(material);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `${tls.cert_file} and ${tls.key_file} cannot be used together: ${reason}`;
      mistakes.push({ where: "tls.cert_file", message });
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return material;
}

/** What uses certificates, and can be given others. */
export interface UsesCertificates {
  setSecureContext(material: TlsMaterial): void;
}

/**
 * Takes certificates over when their files change, for connections from then on; those that are open stay as they
 * are. Files that cannot be used (or only one of two was replaced so far) change nothing. Returns what stops it.
 */
export function followTls(
  server: UsesCertificates,
  config: Config,
  log: Logger,
  watchIntervalMs?: number,
): () => void {
  const { cert_file, key_file, ca_file } = config.tls;
  const files = [cert_file, key_file, config.auth.method === "mtls" ? ca_file : undefined];
  const reload = () => {
    try {
      const material = readTls(config);
      if (material !== undefined) server.setSecureContext(material);
      log.info({ files }, "certificates were read again");
    } catch (error) {
      log.error({ err: error, files }, "certificates have changed, but cannot be used; the old ones stay");
    }
  };
  return watchFiles(
    files.filter((path) => path !== undefined),
    reload,
    watchIntervalMs,
  );
}
