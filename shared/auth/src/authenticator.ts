import { createHmac, randomBytes } from "node:crypto";
import { type Config, ConfigError, type Environment } from "@weftkit/config";
import { watchFiles } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { type CertificateIdentity, namesOf } from "./certificate.ts";
import { Password } from "./passwords.ts";
import { contextOf, superuser } from "./roles.ts";
import { unmatchableVerifier } from "./scram.ts";
import { type ScramAccount, ScramExchange, type ScramOptions } from "./scram-exchange.ts";
import type { SecurityContext } from "./security-context.ts";
import { createTokenVerifier, type TokenClaims } from "./tokens.ts";
import { type Directory, knownRoles, readDirectory } from "./users.ts";

/** A user as an engine may list it (ACL LIST, pg_roles); never with anything derived from the password. */
export interface UserEntry {
  readonly name: string;
  readonly roles: readonly string[];
  readonly hasPassword: boolean;
}

/** Decides who a client is. Every check answers `undefined` for "no", whatever the reason. */
export interface Authenticator {
  readonly method: "password" | "jwt" | "mtls" | "none";
  /** The superuser that everybody is; set when and only when `method` is `none`. */
  readonly anonymous: SecurityContext | undefined;
  /** Who a login without a user name means (Redis `AUTH password`): the user `default`, else `auth.user`, else the only one. */
  readonly defaultUser: string | undefined;
  /**
   * Checks a password; takes as long for an unknown user as for a known one. With method `jwt` the password is a
   * token of that user's; with `none` every password is right.
   */
  verifyPassword(user: string, password: string | Uint8Array): Promise<SecurityContext | undefined>;
  /**
   * Begins a SCRAM-SHA-256 login, for the methods `password` and `mtls`. One for a user that does not exist goes on to its end
   * and fails there, with the same salt each time, so that nobody learns who exists. `others` gives the accounts that an engine
   * keeps itself, of names that are not configured.
   */
  scram(options?: ScramOptions, others?: (user: string) => ScramAccount | undefined): ScramExchange;
  /** Checks a JSON Web Token: signature, `exp`, `nbf`, issuer and audience. Works with every method when a key is configured. */
  verifyToken(jwt: string): Promise<SecurityContext | undefined>;
  /** The user that a certificate, already verified against the client CA, stands for. */
  fromCertificate(certificate: CertificateIdentity): SecurityContext | undefined;
  /**
   * Gives the password of a user to `use`, for protocols in which it is never sent but signs requests (SigV4), and
   * returns what that returns. Undefined, without a call, for an unknown user and for one of whom only a SCRAM verifier
   * is configured: what it was made from cannot be known.
   */
  withSecret<T>(user: string, use: (secret: string, context: SecurityContext) => T): T | undefined;
  /** What a configured user may do, whether or not it is logged in. */
  contextOf(user: string): SecurityContext | undefined;
  /** The configured users, by name. */
  users(): readonly UserEntry[];
}

/** What an authenticator is made of. */
export interface AuthOptions {
  readonly config: Config["auth"];
  readonly log: Logger;
  /** The variables that `env:NAME` in the users file may name. */
  readonly env?: Environment;
  /** How often the users and roles files are looked at. */
  readonly watchIntervalMs?: number | undefined;
}

/** An authenticator whose files are watched until it is closed. */
export interface OpenAuthenticator extends Authenticator {
  close(): void;
}

/**
 * Makes the authenticator of a configuration and follows its users and roles files. A change that cannot be read is
 * logged and leaves everything as it was. Sessions keep the rights they logged in with.
 *
 * @throws ConfigError with every mistake at once, also when nobody could ever log in.
 */
export async function createAuthenticator(options: AuthOptions): Promise<OpenAuthenticator> {
  const { config, log, env = {} } = options;
  const authenticator = new DirectoryAuthenticator(config, await createTokenVerifier(config, log));
  const files = [config.users_file, config.roles_file].filter((path) => path !== undefined);
  let reading = Promise.resolve();
  const reload = () => {
    // One after the other, so that what was read last also takes effect last.
    reading = reading.then(async () => {
      try {
        authenticator.replace(await readDirectory(config, env));
        log.info({ files }, "users and roles were read again");
      } catch (error) {
        log.error(
          { err: error, files },
          "users and roles have changed, but cannot be used; the old ones stay",
        );
      }
    });
  };
  const stopWatching = watchFiles(files, reload, options.watchIntervalMs);
  try {
    authenticator.replace(await readDirectory(config, env));
    if (config.method === "none") log.warn("authentication is off: everybody may do everything");
    return Object.assign(authenticator, { close: stopWatching });
  } catch (error) {
    stopWatching();
    throw error;
  }
}

const nobodyCanLogIn =
  "no user is configured. Set WEFTKIT_PASSWORD (or WEFTKIT_PASSWORD_FILE) for the superuser " +
  "WEFTKIT_USER, or list [[auth.users]] in weftkit.toml or WEFTKIT_AUTH_USERS_FILE. To let everybody do everything, " +
  "set WEFTKIT_AUTH=none";

class DirectoryAuthenticator implements Authenticator {
  readonly method: Authenticator["method"];
  readonly anonymous: SecurityContext | undefined;
  readonly #configuredUser: string;
  readonly #readToken: ((jwt: string) => Promise<TokenClaims | undefined>) | undefined;
  readonly #unmatchable = Password.unmatchable();
  /** What the salts of users that do not exist are made from. */
  readonly #saltKey = randomBytes(32);
  #directory: Directory = { users: new Map(), roles: new Map() };

  constructor(
    config: Config["auth"],
    readToken: ((jwt: string) => Promise<TokenClaims | undefined>) | undefined,
  ) {
    this.method = config.method;
    this.anonymous = config.method === "none" ? contextOf("anonymous", [superuser]) : undefined;
    this.#configuredUser = config.user;
    this.#readToken = readToken;
  }

  /** Takes over other users and roles. */
  replace(directory: Directory): void {
    const usable = [...directory.users.values()].some(
      ({ password }) => password !== undefined || this.method === "mtls",
    );
    if ((this.method === "password" || this.method === "mtls") && !usable) {
      throw new ConfigError([{ where: "auth", message: nobodyCanLogIn }]);
    }
    this.#directory = directory;
  }

  get defaultUser(): string | undefined {
    const { users } = this.#directory;
    const name = ["default", this.#configuredUser].find((candidate) => users.has(candidate));
    return name ?? (users.size === 1 ? [...users.keys()][0] : undefined);
  }

  async verifyPassword(user: string, password: string | Uint8Array): Promise<SecurityContext | undefined> {
    if (this.method === "none") return contextOf(user, [superuser]);
    if (this.method === "jwt") {
      const context = await this.verifyToken(
        typeof password === "string" ? password : Buffer.from(password).toString(),
      );
      return context?.user === user ? context : undefined;
    }
    const known = this.#directory.users.get(user);
    const matches = await (known?.password ?? this.#unmatchable).matches(password);
    return matches ? known?.context : undefined;
  }

  scram(options: ScramOptions = {}, others?: (user: string) => ScramAccount | undefined): ScramExchange {
    return new ScramExchange((user) => this.#scramAccount(user, others), options);
  }

  #scramAccount(user: string, others?: (user: string) => ScramAccount | undefined): ScramAccount {
    const known = this.#directory.users.get(user);
    if (known?.password !== undefined) return { verifier: known.password.verifier, context: known.context };
    const other = known === undefined ? others?.(user) : undefined;
    if (other !== undefined) return other;
    const salt = createHmac("sha256", this.#saltKey).update(user).digest().subarray(0, 16);
    return { verifier: unmatchableVerifier(salt), context: undefined };
  }

  async verifyToken(jwt: string): Promise<SecurityContext | undefined> {
    const claims = await this.#readToken?.(jwt);
    if (claims === undefined) return undefined;
    // A token may carry roles of other systems too; those that are not ours grant nothing.
    if (claims.roles !== undefined)
      return contextOf(claims.user, knownRoles(claims.roles, this.#directory.roles));
    return this.#directory.users.get(claims.user)?.context ?? contextOf(claims.user, []);
  }

  fromCertificate(certificate: CertificateIdentity): SecurityContext | undefined {
    const name = namesOf(certificate).find((candidate) => this.#directory.users.has(candidate));
    return name === undefined ? undefined : this.#directory.users.get(name)?.context;
  }

  withSecret<T>(user: string, use: (secret: string, context: SecurityContext) => T): T | undefined {
    const known = this.#directory.users.get(user);
    return known?.password?.secret === undefined ? undefined : use(known.password.secret, known.context);
  }

  contextOf(user: string): SecurityContext | undefined {
    return this.#directory.users.get(user)?.context;
  }

  users(): readonly UserEntry[] {
    return [...this.#directory.users].map(([name, { context, password }]) => ({
      name,
      roles: context.roles,
      hasPassword: password !== undefined,
    }));
  }
}
