import type { SigningKey } from "@weftkit/persist/contract";
import { readS3Config, type S3Config } from "@weftkit/persist/s3-store";
import {
  ConfigMistakes,
  type FunctionSettings,
  readConfiguredFile,
  readSecrets,
  readSettings,
} from "@weftkit/persist/server";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where state is kept. */
export type StoreConfig = { readonly kind: "folder"; readonly path: string } | S3Config;

export interface FunctionConfig extends Pick<FunctionSettings, "leaseMs" | "logLevel"> {
  readonly bind: string;
  readonly port: number;
  readonly store: StoreConfig;
  readonly keys: readonly SigningKey[];
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/**
 * Reads the function's variables.
 *
 * @throws ConfigMistakes with every mistake there is
 */
export function readConfig(env: Environment): FunctionConfig {
  const mistakes: string[] = [];
  const { leaseMs, logLevel, keyIds } = readSettings(env, mistakes);
  const config = {
    bind: env.WKP_BIND || "127.0.0.1",
    port: readPort(env, mistakes),
    store: readStore(env, mistakes),
    keys: readSecrets(env, keyIds, mistakes),
    tls: readTls(env, mistakes),
    logLevel,
    leaseMs,
  };
  if (mistakes.length > 0) throw new ConfigMistakes(mistakes);
  return config;
}

function readPort(env: Environment, mistakes: string[]): number {
  const text = env.WKP_PORT || "8787";
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) mistakes.push(`WKP_PORT: "${text}" is no port; it is a number up to 65535`);
  return port;
}

function readTls({ WKP_TLS_CERT, WKP_TLS_KEY }: Environment, mistakes: string[]): FunctionConfig["tls"] {
  if (!WKP_TLS_CERT && !WKP_TLS_KEY) return undefined;
  if (!WKP_TLS_CERT || !WKP_TLS_KEY) {
    mistakes.push("WKP_TLS_CERT, WKP_TLS_KEY: TLS needs both");
    return undefined;
  }
  const cert = readConfiguredFile("WKP_TLS_CERT", WKP_TLS_CERT, mistakes);
  const key = readConfiguredFile("WKP_TLS_KEY", WKP_TLS_KEY, mistakes);
  return cert && key && { cert, key };
}

function readStore(env: Environment, mistakes: string[]): StoreConfig {
  const text = env.WKP_STORE ?? "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "s3:") return readS3Config(url, env, mistakes, "WKP_STORE");
  if (url?.protocol === "file:" && url.host === "" && url.pathname !== "/") {
    return { kind: "folder", path: decodeURIComponent(url.pathname) };
  }
  mistakes.push(
    text === ""
      ? "WKP_STORE: is missing; it is file:///folder or s3://bucket/prefix"
      : `WKP_STORE: "${text}" is neither file:///folder nor s3://bucket/prefix`,
  );
  return { kind: "folder", path: "" };
}
