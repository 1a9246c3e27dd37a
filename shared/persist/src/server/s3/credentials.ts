import { readFile } from "node:fs/promises";
import { WeftkitError } from "@weftkit/core";
import { Renewed, type Temporary } from "../renewed.ts";

/** Where credentials come from, as AWS's own SDKs find them. */
export type CredentialsSource =
  | ({ readonly kind: "static" } & Credentials)
  /** The role of an ECS task, or of an EKS pod identity: an endpoint of the platform. */
  | {
      readonly kind: "container";
      readonly url: URL;
      readonly token: string | undefined;
      readonly tokenFile: string | undefined;
    }
  /** A token of a cluster's service account, exchanged for credentials of a role (EKS, OIDC). */
  | {
      readonly kind: "web identity";
      readonly roleArn: string;
      readonly tokenFile: string;
      readonly sessionName: string;
      readonly endpoint: URL;
    }
  /** The role of an EC2 instance, by its metadata service (version 2). */
  | { readonly kind: "instance"; readonly endpoint: URL };

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Asked for again so long before they expire: requests that are under way are still signed with valid ones. */
const renewBeforeMs = 300_000;
const timeoutMs = 5000;
const instanceTokenSeconds = "21600";

/** Gives credentials, and gets new ones before the old expire. */
export class CredentialsProvider {
  readonly #get: () => Promise<Credentials>;

  constructor(source: CredentialsSource) {
    if (source.kind === "static") {
      this.#get = async () => source;
      return;
    }
    const renewed = new Renewed(async () => {
      try {
        return await fetchFrom(source);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const message = `no credentials for the bucket from the ${source.kind}'s role: ${reason}`;
        throw new WeftkitError("credentials_unavailable", message, { cause: error });
      }
    });
    this.#get = () => renewed.get();
  }

  /** @throws WeftkitError `credentials_unavailable` */
  get(): Promise<Credentials> {
    return this.#get();
  }
}

function fetchFrom(
  source: Exclude<CredentialsSource, { readonly kind: "static" }>,
): Promise<Temporary<Credentials>> {
  switch (source.kind) {
    case "container":
      return fromContainer(source);
    case "web identity":
      return fromWebIdentity(source);
    case "instance":
      return fromInstance(source.endpoint);
  }
}

async function fromContainer({
  url,
  token,
  tokenFile,
}: Extract<CredentialsSource, { kind: "container" }>): Promise<Temporary<Credentials>> {
  const authorization = tokenFile === undefined ? token : (await readFile(tokenFile, "utf8")).trim();
  return readJson(await ask(url, authorization === undefined ? {} : { headers: { authorization } }));
}

async function fromWebIdentity({
  roleArn,
  tokenFile,
  sessionName,
  endpoint,
}: Extract<CredentialsSource, { kind: "web identity" }>): Promise<Temporary<Credentials>> {
  // Read each time: the cluster replaces it.
  const token = (await readFile(tokenFile, "utf8")).trim();
  const body = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
  });
  const text = await ask(endpoint, { method: "POST", body });
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1];
  return temporary(
    field("AccessKeyId"),
    field("SecretAccessKey"),
    field("SessionToken"),
    field("Expiration"),
  );
}

async function fromInstance(endpoint: URL): Promise<Temporary<Credentials>> {
  const at = (path: string) => new URL(path, endpoint);
  const token = await ask(at("/latest/api/token"), {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": instanceTokenSeconds },
  });
  const headers = { "x-aws-ec2-metadata-token": token };
  const roles = "/latest/meta-data/iam/security-credentials/";
  const role = (await ask(at(roles), { headers })).split("\n")[0]!.trim();
  if (role === "") throw new Error("the instance has no role");
  return readJson(await ask(at(`${roles}${encodeURIComponent(role)}`), { headers }));
}

async function ask(url: URL, request: RequestInit): Promise<string> {
  const response = await fetch(url, {
    ...request,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (response.ok) return text;
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1];
  throw new Error(`${url.host} answered ${response.status}${code === undefined ? "" : ` ${code}`}`);
}

function readJson(text: string): Temporary<Credentials> {
  const fields = JSON.parse(text) as Readonly<Record<string, string | undefined>>;
  return temporary(fields.AccessKeyId, fields.SecretAccessKey, fields.Token, fields.Expiration);
}

function temporary(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
  expiration: string | undefined,
): Temporary<Credentials> {
  const expiresAtMs = Date.parse(expiration ?? "");
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAtMs)) {
    throw new Error("the answer holds no credentials");
  }
  const value = { accessKeyId, secretAccessKey, sessionToken };
  return { value, renewAtMs: expiresAtMs - renewBeforeMs, expiresAtMs };
}
