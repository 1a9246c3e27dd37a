import type { Authenticator, ScramAccount, ScramExchange, SecurityContext } from "@weftkit/auth";
import { WeftkitError } from "@weftkit/core";
import { type BackendWriter, MessageReader } from "@weftkit/wire-postgres";
import { PgError } from "../errors.ts";

const scramSha256 = "SCRAM-SHA-256";
const scramSha256Plus = "SCRAM-SHA-256-PLUS";

/** The roles that SQL made, whose names the image's configuration does not have. */
export interface RoleLogins {
  /** What a role's password is checked with; undefined for a role without one, and for a name that is none. */
  account(user: string): ScramAccount | undefined;
  context(user: string): SecurityContext | undefined;
}

/** How a client gets from its startup packet to a user. */
export interface LoginOptions {
  readonly authenticator: Authenticator;
  readonly user: string;
  readonly roles: RoleLogins;
  /** Who its certificate says it is (method `mtls`). */
  readonly identity: SecurityContext | undefined;
  /** With TLS: what SCRAM-SHA-256-PLUS binds to. */
  readonly channelBinding: Buffer | undefined;
}

/**
 * One login (protocol-flow, start-up): `begin` says what to ask the client for, `password` takes each answer. A user that does not
 * exist and a wrong password look the same.
 */
export class Login {
  readonly #options: LoginOptions;
  readonly #writer: BackendWriter;
  #exchange: ScramExchange | undefined;
  #isCleartext = false;

  constructor(options: LoginOptions, writer: BackendWriter) {
    this.#options = options;
    this.#writer = writer;
  }

  /** The user, when nothing has to be asked for; else a request was written. @throws PgError 28000 */
  begin(): SecurityContext | undefined {
    const { authenticator, user, roles, identity, channelBinding } = this.#options;
    // Who names a role is that role; everybody else may do everything.
    if (authenticator.method === "none") return roles.context(user) ?? authenticator.anonymous;
    if (identity !== undefined) {
      if (identity.user === user) return identity;
      throw new PgError("28000", `certificate authentication failed for user "${user}"`, {
        hint: `The certificate is of "${identity.user}".`,
      });
    }
    if (authenticator.method === "jwt") {
      // The token is the password, and there is no way to check one without seeing it.
      this.#isCleartext = true;
      this.#writer.authenticationCleartextPassword();
      return undefined;
    }
    this.#writer.authenticationSasl(
      channelBinding === undefined ? [scramSha256] : [scramSha256Plus, scramSha256],
    );
    return undefined;
  }

  /** The user, or undefined when the client has been asked for more. @throws PgError 28P01, 08P01 */
  async password(body: Buffer): Promise<SecurityContext | undefined> {
    if (this.#isCleartext) return await this.#cleartext(body);
    try {
      return this.#exchange === undefined ? this.#scramFirst(body) : this.#scramFinal(this.#exchange, body);
    } catch (error) {
      if (error instanceof WeftkitError && error.code === "malformed_scram") {
        throw new PgError("08P01", "malformed SCRAM message", { detail: error.message });
      }
      throw error;
    }
  }

  async #cleartext(body: Buffer): Promise<SecurityContext> {
    const reader = new MessageReader(body);
    const password = reader.text();
    reader.done();
    const { authenticator, user } = this.#options;
    return (await authenticator.verifyPassword(user, password)) ?? this.#refuse();
  }

  #scramFirst(body: Buffer): undefined {
    const reader = new MessageReader(body);
    const mechanism = reader.text();
    const { authenticator, user, roles, channelBinding } = this.#options;
    const isPlus = mechanism === scramSha256Plus && channelBinding !== undefined;
    if (mechanism !== scramSha256 && !isPlus) {
      throw new PgError("08P01", "client selected an invalid SASL authentication mechanism");
    }
    const message = reader.value();
    reader.done();
    this.#exchange = authenticator.scram(
      { user, isPlus, ...(channelBinding !== undefined && { channelBinding }) },
      roles.account,
    );
    this.#writer.authenticationSaslContinue(this.#exchange.first(message?.toString() ?? ""));
    return undefined;
  }

  #scramFinal(exchange: ScramExchange, body: Buffer): SecurityContext {
    const outcome = exchange.final(body.toString());
    if (outcome === undefined) return this.#refuse();
    this.#writer.authenticationSaslFinal(outcome.message);
    return outcome.context;
  }

  #refuse(): never {
    throw new PgError("28P01", `password authentication failed for user "${this.#options.user}"`);
  }
}
