import { createHash, randomBytes } from "node:crypto";
import { engines } from "@weftkit/config";
import type { Certificate } from "./certificate.ts";
import type { Account, EngineName } from "./started-engine.ts";

/** How an engine is to run, wherever it does. */
export interface EngineSettings {
  readonly engine: EngineName;
  /** Empty: nobody has to log in. */
  readonly accounts: readonly Account[];
  readonly certificate: Certificate | undefined;
  readonly adminToken: string;
}

/** A file that the engine reads, and the variable that says where. */
export interface EngineFile {
  readonly variable: string;
  readonly name: string;
  readonly content: string;
}

export function newToken(): string {
  return randomBytes(24).toString("hex");
}

/** The same for everything that is to find the same container. */
export function sharedToken(image: string, accounts: readonly Account[]): string {
  return createHash("sha256")
    .update(JSON.stringify([image, accounts]))
    .digest("hex");
}

/** The variables of these settings beside those that name files. */
export function environmentOf({ accounts, adminToken }: EngineSettings): Record<string, string> {
  return { WEFTKIT_AUTH: accounts.length === 0 ? "none" : "password", WEFTKIT_ADMIN_TOKEN: adminToken };
}

export function filesOf({ accounts, certificate }: EngineSettings): readonly EngineFile[] {
  return [
    ...(accounts.length === 0
      ? []
      : [{ variable: "WEFTKIT_AUTH_USERS_FILE", name: "users.toml", content: usersFile(accounts) }]),
    ...(certificate === undefined
      ? []
      : [
          { variable: "WEFTKIT_TLS_CERT", name: "tls.crt", content: certificate.cert },
          { variable: "WEFTKIT_TLS_KEY", name: "tls.key", content: certificate.key },
        ]),
  ];
}

/** What a client connects with. */
export function connectionUriOf(
  { engine, accounts, certificate }: EngineSettings,
  host: string,
  port: number,
): string {
  const { schemes, path, login } = engines[engine].deployment.connection;
  const isSecure = certificate !== undefined;
  const [account] = accounts;
  const who = account === undefined ? nobody(engine) : nameIn(engine, login, account);
  const uri = `${schemes[isSecure ? 1 : 0]}://${who}${host}:${port}${path}`;
  const parameters = connectionParameters(engine, isSecure);
  return parameters === "" ? uri : `${uri}${uri.includes("?") ? "&" : "?"}${parameters}`;
}

/** Where there may be several accounts, Redis's bare form does not say which is meant. */
function nameIn(
  engine: EngineName,
  login: (user: string, password: string) => string,
  { username, password }: Account,
): string {
  const [user, secret] = [encodeURIComponent(username), encodeURIComponent(password)];
  return engine === "inmemory" ? `${user}:${secret}@` : login(user, secret);
}

/** Drivers of PostgreSQL always say a name: of the system's user, if there is no other. */
function nobody(engine: EngineName): string {
  return engine === "relational" ? "weftkit@" : "";
}

/** What a URL says beyond its path: MongoDB's drivers look for other members, and two protocols say there that they use TLS. */
function connectionParameters(engine: EngineName, isSecure: boolean): string {
  if (engine === "relational") return isSecure ? "sslmode=verify-full" : "";
  if (engine !== "document") return "";
  return ["directConnection=true", ...(isSecure ? ["tls=true"] : [])].join("&");
}

function usersFile(accounts: readonly Account[]): string {
  return accounts
    .map(
      ({ username, password, roles }) =>
        `[[users]]\nusername = ${JSON.stringify(username)}\npassword = ${JSON.stringify(password)}\nroles = ${JSON.stringify(roles)}\n`,
    )
    .join("\n");
}
