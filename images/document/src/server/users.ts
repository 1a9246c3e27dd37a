import type { Authenticator, ScramExchange, SecurityContext } from "@weftkit/auth";
import { type Sha1Verifier, sha1Verifier } from "./scram-sha-1.ts";

/** Who may log in: the configured users, as the whole fleet has them. */
export class Users {
  /** Made of configured passwords when somebody logs in with SCRAM-SHA-1. */
  readonly #sha1 = new Map<string, { secret: string; verifier: Sha1Verifier }>();

  scram(authenticator: Authenticator): ScramExchange {
    return authenticator.scram();
  }

  /** Undefined for one that does not exist, or of whom only a verifier for SHA-256 is known. */
  sha1(
    user: string,
    authenticator: Authenticator,
  ): { readonly verifier: Sha1Verifier; readonly context: SecurityContext } | undefined {
    return authenticator.withSecret(user, (secret, context) => {
      let known = this.#sha1.get(user);
      if (known?.secret !== secret) {
        known = { secret, verifier: sha1Verifier(user, secret) };
        this.#sha1.set(user, known);
      }
      return { verifier: known.verifier, context };
    });
  }
}
