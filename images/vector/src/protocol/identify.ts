import type { Authenticator, SecurityContext } from "@weftkit/auth";
import { Problem, RateLimit, RequestAuthenticator } from "@weftkit/http";
import { VectorError } from "../errors.ts";

/** Who calls, by the token that came with the call. */
export class Identify {
  readonly #authenticator: RequestAuthenticator;
  readonly #rate: RateLimit | undefined;

  /** `ratePerSecond` is of each user; 0 is no limit. */
  constructor(auth: Authenticator, ratePerSecond: number) {
    this.#authenticator = new RequestAuthenticator(auth);
    if (ratePerSecond > 0) this.#rate = new RateLimit({ ratePerSecond, burst: 2 * ratePerSecond });
  }

  /** @throws VectorError `unauthenticated`, and `resource_exhausted` after many wrong tokens or too many requests */
  async caller(
    authorization: string | undefined,
    peer: { readonly address: string; readonly identity?: SecurityContext },
  ): Promise<SecurityContext> {
    const user = await this.user(authorization, peer);
    const waitMs = this.#rate?.take(
      user.user === "anonymous" ? `address:${peer.address}` : `user:${user.user}`,
    );
    if (waitMs === undefined) return user;
    throw new VectorError(
      "resource_exhausted",
      `the rate limit is reached; try again in ${Math.ceil(waitMs)} ms`,
    );
  }

  /** Who it is, without counting the request. */
  async user(
    authorization: string | undefined,
    peer: { readonly address: string; readonly identity?: SecurityContext },
  ): Promise<SecurityContext> {
    try {
      return await this.#authenticator.identify(authorization, peer);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const code = error.type.status === 429 ? "resource_exhausted" : "unauthenticated";
      throw new VectorError(code, error.message, { cause: error });
    }
  }
}
