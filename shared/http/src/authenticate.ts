import { createHash } from "node:crypto";
import type { Authenticator, SecurityContext } from "@weftkit/auth";
import { type Clock, systemClock } from "@weftkit/core";
import { problems } from "./problems.ts";
import { RateLimit } from "./rate-limit.ts";
import { tooManyRequests } from "./too-many-requests.ts";

/** How long a password that was right is not checked again: the check is made to be slow. */
const rememberedMs = 30_000;
const rememberedMax = 1024;
/** Wrong credentials an address may send: then it is answered 429 without looking at them. */
const failures = { ratePerSecond: 1, burst: 20 };

interface Remembered {
  readonly user: SecurityContext;
  readonly untilMs: number;
}

/**
 * Who a request comes from, by its `authorization` header:
 *
 * - `Bearer <JSON Web Token>`, with every method for which a key is configured
 * - `Bearer <user>:<password>` or `Bearer <password>` (of the default user) with passwords: a token that never changes
 * - `Basic`, as browsers and tools send it
 *
 * A password that was right is remembered, as a hash of the header, for half a minute.
 */
export class RequestAuthenticator {
  readonly #auth: Authenticator;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();
  readonly #failures: RateLimit;

  constructor(auth: Authenticator, clock: Clock = systemClock) {
    this.#auth = auth;
    this.#clock = clock;
    this.#failures = new RateLimit({ ...failures, clock });
  }

  /** @throws Problem 401 or, after many failures from one address, 429. */
  async identify(
    authorization: string | undefined,
    peer: { address: string; identity?: SecurityContext },
  ): Promise<SecurityContext> {
    const known = this.#auth.anonymous ?? peer.identity;
    if (known !== undefined) return known;
    if (authorization === undefined) throw this.#refusal("send a token: Authorization: Bearer TOKEN");
    const key = createHash("sha256").update(authorization).digest("base64");
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined && remembered.untilMs > this.#clock.monotonicMs()) return remembered.user;
    const waitMs = this.#failures.waitMs(peer.address);
    if (waitMs !== undefined) throw tooManyRequests("too many wrong tokens came from this address", waitMs);
    const user = await this.#verify(authorization, key);
    if (user !== undefined) return user;
    this.#failures.take(peer.address);
    throw this.#refusal(
      "the token is not valid (any more), or the user or password is wrong",
      "invalid_token",
    );
  }

  async #verify(authorization: string, key: string): Promise<SecurityContext | undefined> {
    const [, scheme = "", credentials = ""] = /^(\S+)[ ]+(\S.*)$/.exec(authorization.trim()) ?? [];
    switch (scheme.toLowerCase()) {
      case "bearer":
        return (
          (await this.#byToken(credentials)) ?? this.#remember(key, await this.#byStaticToken(credentials))
        );
      case "basic":
        return this.#remember(key, await this.#byPassword(Buffer.from(credentials, "base64").toString()));
      default:
        return undefined;
    }
  }

  async #byToken(token: string): Promise<SecurityContext | undefined> {
    return token.split(".").length === 3 ? this.#auth.verifyToken(token) : undefined;
  }

  async #byStaticToken(token: string): Promise<SecurityContext | undefined> {
    if (this.#auth.method !== "password") return undefined;
    const user = await this.#byPassword(token);
    if (user !== undefined) return user;
    const { defaultUser } = this.#auth;
    return defaultUser === undefined ? undefined : this.#auth.verifyPassword(defaultUser, token);
  }

  /** `user:password`; the first colon ends the user. */
  async #byPassword(pair: string): Promise<SecurityContext | undefined> {
    const colon = pair.indexOf(":");
    if (colon < 1) return undefined;
    return this.#auth.verifyPassword(pair.slice(0, colon), pair.slice(colon + 1));
  }

  #remember(key: string, user: SecurityContext | undefined): SecurityContext | undefined {
    if (user === undefined) return undefined;
    this.#remembered.delete(key);
    this.#remembered.set(key, { user, untilMs: this.#clock.monotonicMs() + rememberedMs });
    if (this.#remembered.size > rememberedMax) this.#remembered.delete(this.#remembered.keys().next().value!);
    return user;
  }

  #refusal(detail: string, error?: string) {
    const bearer = `Bearer realm="weftkit"${error === undefined ? "" : `, error="${error}"`}`;
    // Browsers take the first scheme that they read, and ask for a password with the second only.
    const schemes =
      this.#auth.method === "password" ? `Basic realm="weftkit", charset="UTF-8", ${bearer}` : bearer;
    return problems.unauthorized(detail, { headers: { "www-authenticate": schemes } });
  }
}
