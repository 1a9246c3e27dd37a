import { checkPlace, type Place } from "../read-place.ts";
import type { CredentialsSource } from "./credentials.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a bucket is, and who is asking. */
export interface S3Config extends Place {
  readonly kind: "s3";
  /** Undefined for AWS itself. */
  readonly endpoint: URL | undefined;
  readonly region: string;
  readonly credentials: CredentialsSource;
  readonly presign: boolean;
}

const containerHosts: ReadonlySet<string> = new Set([
  "127.0.0.1",
  "localhost",
  "[::1]",
  "169.254.170.2",
  "169.254.170.23",
  "[fd00:ec2::23]",
]);

/**
 * Reads `s3://bucket/prefix` and the variables beside it: `WKP_S3_ENDPOINT`, `WKP_PRESIGN` and the usual `AWS_*`. What is wrong is
 * added to `mistakes`; `where` is the name of what held the URL.
 */
export function readS3Config(url: URL, env: Environment, mistakes: string[], where: string): S3Config {
  const prefix = url.pathname.replace(/^\/+|\/+$/g, "");
  checkPlace({ bucket: url.host, prefix }, mistakes, where);
  const endpoint = readEndpoint(env.WKP_S3_ENDPOINT, mistakes);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || (endpoint === undefined ? "" : "us-east-1");
  if (region === "") mistakes.push("AWS_REGION: is missing; the bucket's region");
  const presign = env.WKP_PRESIGN || "false";
  if (presign !== "true" && presign !== "false") {
    mistakes.push(`WKP_PRESIGN: "${presign}" is neither true nor false`);
  }
  return {
    kind: "s3",
    bucket: url.host,
    prefix,
    endpoint,
    region,
    credentials: readCredentials(env, region, endpoint !== undefined, mistakes),
    presign: presign === "true",
  };
}

/** In the order of AWS's SDKs: keys, a web identity, the container's role, the instance's. */
function readCredentials(
  env: Environment,
  region: string,
  isOtherStore: boolean,
  mistakes: string[],
): CredentialsSource {
  const role = env.AWS_ROLE_ARN;
  const tokenFile = env.AWS_WEB_IDENTITY_TOKEN_FILE;
  const container = readContainerUrl(env, mistakes);
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
    if (!env[name]) mistakes.push(`${name}: is missing; the function needs credentials for its bucket`);
  }
  return {
    kind: "static",
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
    sessionToken: env.AWS_SESSION_TOKEN || undefined,
  };
}

/** Only https, this host and the platforms' own addresses: whoever answers gets to see a token. */
function readContainerUrl(env: Environment, mistakes: string[]): URL | undefined {
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const full = env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (relative) return new URL(relative, "http://169.254.170.2");
  if (!full) return undefined;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && containerHosts.has(url.hostname))) {
    return url;
  }
  mistakes.push(`AWS_CONTAINER_CREDENTIALS_FULL_URI: "${full}" is neither https nor the platform's address`);
  return undefined;
}

function readEndpoint(text: string | undefined, mistakes: string[]): URL | undefined {
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (isHttp && url.search === "" && url.hash === "" && url.username === "") return url;
  mistakes.push(`WKP_S3_ENDPOINT: "${text}" is no URL like https://minio.example.com:9000`);
  return undefined;
}
