import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Config, loadConfig } from "@weftkit/config";
import { secretName, userName } from "../deployment/plan.ts";
import { keepSecret } from "../files/secret.ts";
import { connectionUrl, credentialsOf, type EngineName } from "../images.ts";
import type { EnginePorts } from "../port-options.ts";
import { Failure } from "../terminal/failure.ts";

/** What the flags of `weftkit up` say. */
export interface LocalChoices {
  readonly engines: readonly EngineName[];
  readonly dataDir: string | undefined;
  readonly ports: EnginePorts;
  readonly adminPort: number | undefined;
  readonly auth: "none" | "password" | undefined;
}

/** An engine as a child process, with everything decided. */
export interface LocalEngine {
  readonly engine: EngineName;
  readonly bundle: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly host: string;
  readonly port: number;
  readonly admin: { readonly host: string; readonly port: number };
  /** What a driver connects with. */
  readonly url: string;
  /** What a client is given beside the URL, where the URL does not have the login. */
  readonly credentials: string | undefined;
}

const defaultDataDir = ".weftkit";
const imagesFolder = resolve(import.meta.dirname, "../../images");

/**
 * Decides how each engine runs. Flags win over variables, variables over weftkit.toml; where nobody says anything, an
 * engine listens on this machine only, keeps its state in `.weftkit` and has a generated password.
 *
 * @throws ConfigError for mistakes in the configuration, Failure when an engine is not built.
 */
export function planLocal(choices: LocalChoices, env: NodeJS.ProcessEnv): LocalEngine[] {
  return choices.engines.map((engine, index) => planEngine(choices, env, engine, index));
}

function planEngine(
  choices: LocalChoices,
  env: NodeJS.ProcessEnv,
  engine: EngineName,
  index: number,
): LocalEngine {
  const bundle = join(imagesFolder, engine, "dist", "main.mjs");
  if (!existsSync(bundle))
    throw new Failure("failed", `${engine} is not built: ${bundle} is missing`, "Run `npm run build`.");
  const environment = { ...env };
  const port = choices.ports.get(engine);
  if (port !== undefined)
    override(environment, `WEFTKIT_${engine.toUpperCase()}_PORT`, "WEFTKIT_PORT", String(port));
  if (choices.auth !== undefined) override(environment, "WEFTKIT_AUTH", "WEFTKIT_AUTH_METHOD", choices.auth);
  const { config, source } = loadConfig({ env: environment, image: engine });
  const stateFolder = resolve(
    choices.dataDir ?? (source("server", "data_dir") === undefined ? defaultDataDir : config.server.data_dir),
  );
  const adminPort = (choices.adminPort ?? config.server.admin_port) + index;
  override(environment, "WEFTKIT_DATA_DIR", "WEFTKIT_SERVER_DATA_DIR", join(stateFolder, engine));
  override(environment, "WEFTKIT_ADMIN_PORT", "WEFTKIT_SERVER_ADMIN_PORT", String(adminPort));
  if (source("server", "bind") === undefined) environment.WEFTKIT_SERVER_BIND = "127.0.0.1";
  if (hasNoUser(config)) {
    const file = join(stateFolder, "secrets", secretName(engine));
    keepSecret(file);
    environment.WEFTKIT_PASSWORD_FILE = file;
  }
  const effective = loadConfig({ env: environment, image: engine }).config;
  const host = reachable(effective[engine].bind);
  const login = effective.auth.method === "none" ? undefined : loginOf(effective);
  return {
    engine,
    bundle,
    environment,
    logFile: join(stateFolder, `${engine}.log`),
    host,
    port: effective[engine].port,
    admin: { host: reachable(effective.server.admin_bind), port: adminPort },
    url: connectionUrl(engine, {
      host,
      port: effective[engine].port,
      tls: effective.tls.enabled,
      ...(login !== undefined && {
        login: { user: login.user, password: encodeURIComponent(login.password) },
      }),
    }),
    credentials: credentialsOf(engine, login),
  };
}

/** Sets a variable, and takes away its other name: setting one key by both is a mistake. */
function override(env: NodeJS.ProcessEnv, name: string, otherName: string, value: string): void {
  env[name] = value;
  delete env[otherName];
}

function hasNoUser({ auth }: Config): boolean {
  return (
    auth.method === "password" &&
    auth.password === undefined &&
    auth.users_file === undefined &&
    auth.users.length === 0
  );
}

/** The login; a password that only a verifier or a users file knows is left to fill in. */
function loginOf({ auth }: Config): { user: string; password: string } {
  if (auth.password !== undefined) return { user: auth.user, password: auth.password };
  return { user: auth.users[0]?.username ?? userName, password: "PASSWORD" };
}

/** An address that a client on this machine can connect to, for one that servers listen on. */
export function reachable(address: string): string {
  return address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
}
