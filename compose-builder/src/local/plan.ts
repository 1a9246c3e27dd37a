import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Config, loadConfig } from "@weftkit/config";
import { userName } from "../deployment/hardening.ts";
import { keepSecret } from "../files/secret.ts";
import { connectionUrl, credentialsOf, type EngineName } from "../images.ts";
import type { LocalName, LocalPorts } from "../port-options.ts";
import { Failure } from "../terminal/failure.ts";

/** What the flags of `weftkit up` say. */
export interface LocalChoices {
  readonly engines: readonly EngineName[];
  /** Whether the playground is started with them. */
  readonly playground: boolean;
  readonly dataDir: string | undefined;
  readonly ports: LocalPorts;
  readonly adminPort: number | undefined;
  readonly auth: "none" | "password" | undefined;
  /** Nothing need be built then, and no password is made. */
  readonly startsNothing?: boolean;
}

/** An engine, or the playground, as a child process, with everything decided. */
export interface LocalProgram {
  readonly name: LocalName;
  readonly bundle: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly host: string;
  readonly port: number;
  readonly admin: { readonly host: string; readonly port: number };
  /** What a driver, or a browser, connects with. */
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
export function planLocal(choices: LocalChoices, env: NodeJS.ProcessEnv): LocalProgram[] {
  const engines = choices.engines.map((engine, index) => planEngine(choices, env, engine, index));
  return choices.playground ? [planPlayground(choices, env, engines), ...engines] : engines;
}

function planEngine(
  choices: LocalChoices,
  env: NodeJS.ProcessEnv,
  engine: EngineName,
  index: number,
): LocalProgram {
  const { effective, login, ...program } = planProgram(choices, env, engine, index);
  const { port } = effective[engine];
  const host = reachable(effective[engine].bind);
  return {
    ...program,
    host,
    port,
    url: connectionUrl(engine, {
      host,
      port,
      tls: effective.tls.enabled,
      ...(login !== undefined && {
        login: { user: login.user, password: encodeURIComponent(login.password) },
      }),
    }),
    credentials: credentialsOf(engine, login),
  };
}

/** The page for the engines that run beside it, whose users are its own. */
function planPlayground(
  choices: LocalChoices,
  env: NodeJS.ProcessEnv,
  engines: readonly LocalProgram[],
): LocalProgram {
  const { effective, login, environment, ...program } = planProgram(
    choices,
    env,
    "playground",
    engines.length,
  );
  const { playground, server, tls } = effective;
  const host = reachable(playground.bind ?? server.bind);
  const isTold = playground.engines.length > 0;
  return {
    ...program,
    environment: {
      ...environment,
      ...(!isTold && {
        WEFTKIT_PLAYGROUND_ENGINES: engines.map((one) => engineText(one, tls.enabled)).join(","),
      }),
      // Their certificate is for the name that others know them by.
      ...(!isTold && tls.enabled && { WEFTKIT_PLAYGROUND_BACKEND_TLS_VERIFY: "false" }),
    },
    host,
    port: playground.port,
    url: `${tls.enabled ? "https" : "http"}://${inUrl(host)}:${playground.port}`,
    credentials: login === undefined ? undefined : `${login.user} / ${login.password}`,
  };
}

/** How the playground is told of an engine. */
function engineText({ name, host, port, admin }: LocalProgram, isTls: boolean): string {
  const options = [...(isTls ? ["tls=on"] : []), `admin=${inUrl(admin.host)}:${admin.port}`];
  return `${name}=${inUrl(host)}:${port}?${options.join("&")}`;
}

function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function planProgram(choices: LocalChoices, env: NodeJS.ProcessEnv, name: LocalName, index: number) {
  const bundle = join(imagesFolder, name, "dist", "main.mjs");
  if (!existsSync(bundle) && choices.startsNothing !== true)
    throw new Failure("failed", `${name} is not built: ${bundle} is missing`, "Run `npm run build`.");
  const environment = { ...env };
  const port = choices.ports.get(name);
  if (port !== undefined)
    override(environment, `WEFTKIT_${name.toUpperCase()}_PORT`, "WEFTKIT_PORT", String(port));
  if (choices.auth !== undefined) override(environment, "WEFTKIT_AUTH", "WEFTKIT_AUTH_METHOD", choices.auth);
  const { config, source } = loadConfig({ env: environment, image: name });
  const stateFolder = resolve(
    choices.dataDir ?? (source("server", "data_dir") === undefined ? defaultDataDir : config.server.data_dir),
  );
  const adminPort = (choices.adminPort ?? config.server.admin_port) + index;
  override(environment, "WEFTKIT_DATA_DIR", "WEFTKIT_SERVER_DATA_DIR", join(stateFolder, name));
  override(environment, "WEFTKIT_ADMIN_PORT", "WEFTKIT_SERVER_ADMIN_PORT", String(adminPort));
  if (source("server", "bind") === undefined) environment.WEFTKIT_SERVER_BIND = "127.0.0.1";
  if (hasNoUser(config) && choices.startsNothing !== true) {
    // One for all of them: the playground asks engines with what its user told it.
    const file = join(stateFolder, "secrets", `${userName}_password`);
    keepSecret(file);
    environment.WEFTKIT_PASSWORD_FILE = file;
  }
  const effective = loadConfig({ env: environment, image: name }).config;
  return {
    name,
    bundle,
    environment,
    logFile: join(stateFolder, `${name}.log`),
    admin: { host: reachable(effective.server.admin_bind), port: adminPort },
    effective,
    login: effective.auth.method === "none" ? undefined : loginOf(effective),
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
