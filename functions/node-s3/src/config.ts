import { readFileSync } from "node:fs";
import { WeftkitError } from "@weftkit/core";
import { isKeyId, type SigningKey } from "@weftkit/persist/contract";
import type { CredentialsSource } from "./s3/credentials.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where state is kept. */
export type StoreConfig =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** Without slashes at its ends; empty for the bucket's root. */
      readonly prefix: string;
      /** Undefined for AWS itself. */
      readonly endpoint: URL | undefined;
      readonly region: string;
      readonly credentials: CredentialsSource;
      readonly presign: boolean;
    };

export interface FunctionConfig {
  readonly bind: string;
  readonly port: number;
  readonly store: StoreConfig;
  readonly keys: readonly SigningKey[];
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly logLevel: (typeof logLevels)[number];
  /** How long a lease holds without being renewed, in milliseconds. */
  readonly leaseMs: number;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
/** Shorter ones run out by a pause of the network; longer ones keep the place of an engine that died for long. */
const leaseSeconds = { min: 2, max: 600 } as const;
/** So short a secret can be guessed. */
const secretLengthMin = 16;
const containerHosts: ReadonlySet<string> = new Set([
  "127.0.0.1",
  "localhost",
  "[::1]",
  "169.254.170.2",
  "169.254.170.23",
  "[fd00:ec2::23]",
]);
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const prefixName = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** All that is wrong with the configuration, one a line. */
export class ConfigMistakes extends WeftkitError {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      "config_invalid",
      `the configuration has mistakes:\n${mistakes.map((line) => `  ${line}`).join("\n")}`,
    );
    this.name = "ConfigMistakes";
    this.mistakes = mistakes;
  }
}

/**
 * Reads the function's variables.
 *
 * @throws ConfigMistakes with every mistake there is
 */
export function readConfig(env: Environment): FunctionConfig {
  const reader = new Reader(env);
  const config = {
    bind: env.WKP_BIND || "127.0.0.1",
    port: reader.port(),
    store: reader.store(),
    keys: reader.keys(),
    tls: reader.tls(),
    logLevel: reader.logLevel(),
    leaseMs: reader.leaseMs(),
  };
  if (reader.mistakes.length > 0) throw new ConfigMistakes(reader.mistakes);
  return config;
}

class Reader {
  readonly mistakes: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  port(): number {
    const text = this.#env.WKP_PORT || "8787";
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (!(port <= 65_535)) this.mistakes.push(`WKP_PORT: "${text}" is no port; it is a number up to 65535`);
    return port;
  }

  leaseMs(): number {
    const text = this.#env.WKP_LEASE_SECONDS || "60";
    const seconds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
    if (!(seconds >= leaseSeconds.min && seconds <= leaseSeconds.max)) {
      this.mistakes.push(
        `WKP_LEASE_SECONDS: "${text}" is no number from ${leaseSeconds.min} to ${leaseSeconds.max}`,
      );
    }
    return seconds * 1000;
  }

  logLevel(): FunctionConfig["logLevel"] {
    const text = this.#env.WKP_LOG_LEVEL || "info";
    const level = logLevels.find((name) => name === text);
    if (level === undefined)
      this.mistakes.push(`WKP_LOG_LEVEL: "${text}" is none of ${logLevels.join(", ")}`);
    return level ?? "info";
  }

  keys(): SigningKey[] {
    const id = this.#env.WKP_KEY_ID || "default";
    const previousId = this.#env.WKP_KEY_ID_PREVIOUS || id;
    for (const [name, value] of Object.entries({ WKP_KEY_ID: id, WKP_KEY_ID_PREVIOUS: previousId })) {
      if (isKeyId(value)) continue;
      this.mistakes.push(
        `${name}: at most 63 letters, digits, ".", "_" and "-", the first a letter or digit`,
      );
    }
    const current = this.#secret("WKP_SECRET");
    const previous = this.#secret("WKP_SECRET_PREVIOUS");
    if (current === undefined && !this.#isGiven("WKP_SECRET")) {
      this.mistakes.push(
        "WKP_SECRET: is missing; set it or WKP_SECRET_FILE, for example to `openssl rand -hex 32`",
      );
    }
    return [
      ...(current === undefined ? [] : [{ id, secret: current }]),
      ...(previous === undefined ? [] : [{ id: previousId, secret: previous }]),
    ];
  }

  tls(): FunctionConfig["tls"] {
    const { WKP_TLS_CERT, WKP_TLS_KEY } = this.#env;
    if (!WKP_TLS_CERT && !WKP_TLS_KEY) return undefined;
    if (!WKP_TLS_CERT || !WKP_TLS_KEY) {
      this.mistakes.push("WKP_TLS_CERT, WKP_TLS_KEY: TLS needs both");
      return undefined;
    }
    const cert = this.#file("WKP_TLS_CERT", WKP_TLS_CERT);
    const key = this.#file("WKP_TLS_KEY", WKP_TLS_KEY);
    return cert && key && { cert, key };
  }

  store(): StoreConfig {
    const text = this.#env.WKP_STORE ?? "";
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === "s3:") return this.#s3(url);
    if (url?.protocol === "file:" && url.host === "" && url.pathname !== "/") {
      return { kind: "folder", path: decodeURIComponent(url.pathname) };
    }
    this.mistakes.push(
      text === ""
        ? "WKP_STORE: is missing; it is file:///folder or s3://bucket/prefix"
        : `WKP_STORE: "${text}" is neither file:///folder nor s3://bucket/prefix`,
    );
    return { kind: "folder", path: "" };
  }

  #s3(url: URL): StoreConfig {
    const prefix = url.pathname.replace(/^\/+|\/+$/g, "");
    if (!bucketName.test(url.host)) this.mistakes.push(`WKP_STORE: "${url.host}" cannot be a bucket's name`);
    if (prefix !== "" && !prefixName.test(prefix)) {
      this.mistakes.push(
        `WKP_STORE: the prefix "${prefix}" may have letters, digits, ".", "_", "-" and "/" only`,
      );
    }
    const env = this.#env;
    const endpoint = this.#endpoint(env.WKP_S3_ENDPOINT);
    const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || (endpoint === undefined ? "" : "us-east-1");
    if (region === "") this.mistakes.push("AWS_REGION: is missing; the bucket's region");
    const presign = env.WKP_PRESIGN || "false";
    if (presign !== "true" && presign !== "false") {
      this.mistakes.push(`WKP_PRESIGN: "${presign}" is neither true nor false`);
    }
    return {
      kind: "s3",
      bucket: url.host,
      prefix,
      endpoint,
      region,
      credentials: this.#credentials(region, endpoint !== undefined),
      presign: presign === "true",
    };
  }

  /** In the order of AWS's SDKs: keys, a web identity, the container's role, the instance's. */
  #credentials(region: string, isOtherStore: boolean): CredentialsSource {
    const env = this.#env;
    const role = env.AWS_ROLE_ARN;
    const tokenFile = env.AWS_WEB_IDENTITY_TOKEN_FILE;
    const container = this.#containerUrl();
    const isGiven = Boolean(env.AWS_ACCESS_KEY_ID || env.AWS_SECRET_ACCESS_KEY);
    if (!isGiven && role && tokenFile) {
      const endpoint = new URL(
        env.AWS_ENDPOINT_URL_STS || `https://sts.${region || "us-east-1"}.amazonaws.com`,
      );
      const sessionName = env.AWS_ROLE_SESSION_NAME || "weftkit";
      return { kind: "web identity", roleArn: role, tokenFile, sessionName, endpoint };
    }
    if (!isGiven && container !== undefined) {
      return {
        kind: "container",
        url: container,
        token: env.AWS_CONTAINER_AUTHORIZATION_TOKEN || undefined,
        tokenFile: env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE || undefined,
      };
    }
    if (!isGiven && !isOtherStore && env.AWS_EC2_METADATA_DISABLED !== "true") {
      return {
        kind: "instance",
        endpoint: new URL(env.AWS_EC2_METADATA_SERVICE_ENDPOINT || "http://169.254.169.254"),
      };
    }
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
      if (!env[name])
        this.mistakes.push(`${name}: is missing; the function needs credentials for its bucket`);
    }
    return {
      kind: "static",
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.AWS_SESSION_TOKEN || undefined,
    };
  }

  /** Only https, this host and the platforms' own addresses: whoever answers gets to see a token. */
  #containerUrl(): URL | undefined {
    const relative = this.#env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
    const full = this.#env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
    if (relative) return new URL(relative, "http://169.254.170.2");
    if (!full) return undefined;
    const url = URL.canParse(full) ? new URL(full) : undefined;
    if (url?.protocol === "https:" || (url?.protocol === "http:" && containerHosts.has(url.hostname)))
      return url;
    this.mistakes.push(
      `AWS_CONTAINER_CREDENTIALS_FULL_URI: "${full}" is neither https nor the platform's address`,
    );
    return undefined;
  }

  #endpoint(text: string | undefined): URL | undefined {
    if (!text) return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
    if (isHttp && url.search === "" && url.hash === "" && url.username === "") return url;
    this.mistakes.push(`WKP_S3_ENDPOINT: "${text}" is no URL like https://minio.example.com:9000`);
    return undefined;
  }

  /** The variable's value, or what is in the file that <name>_FILE names. */
  #secret(name: string): string | undefined {
    const value = this.#env[name];
    const path = this.#env[`${name}_FILE`];
    if (value && path) this.mistakes.push(`${name}: is given twice, as ${name} and as ${name}_FILE`);
    const secret =
      value ||
      (path
        ? this.#file(`${name}_FILE`, path)
            ?.toString("utf8")
            .replace(/\r?\n$/, "")
        : undefined);
    if (secret !== undefined && secret.length < secretLengthMin) {
      this.mistakes.push(
        `${name}: is shorter than ${secretLengthMin} characters; use \`openssl rand -hex 32\``,
      );
    }
    return secret;
  }

  #isGiven(name: string): boolean {
    return Boolean(this.#env[name] || this.#env[`${name}_FILE`]);
  }

  #file(name: string, path: string): Buffer | undefined {
    try {
      return readFileSync(path);
    } catch (error) {
      this.mistakes.push(
        `${name}: cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      );
      return undefined;
    }
  }
}
