import type { Config } from "@weftkit/config";
import type { Logger } from "@weftkit/observe";
import type { JWTVerifyGetKey } from "jose";

/** What a valid token says. */
export interface TokenClaims {
  readonly user: string;
  /** The roles claim; undefined when the token has none. */
  readonly roles: readonly string[] | undefined;
}

/** How far clocks of two machines may be apart. */
const clockToleranceSeconds = 5;
/** Longer tokens are refused before any work is done for them. */
const tokenLengthMax = 16_384;
/** Keys are fetched again after this long, and for an unknown key id, but not more often than the cooldown. */
const jwksCacheMs = 600_000;
const jwksCooldownMs = 30_000;
const jwksTimeoutMs = 5000;

type TokenConfig = Pick<
  Config["auth"],
  "jwt_secret" | "jwt_jwks_uri" | "jwt_issuer" | "jwt_audience" | "jwt_user_claim" | "jwt_roles_claim"
>;

/** Verifies JSON Web Tokens; undefined when no key is configured. */
export async function createTokenVerifier(
  config: TokenConfig,
  log: Logger,
): Promise<((jwt: string) => Promise<TokenClaims | undefined>) | undefined> {
  if (config.jwt_secret === undefined && config.jwt_jwks_uri === undefined) return undefined;
  // Loaded on demand: most images never see a token, and start faster without it.
  const jose = await import("jose");
  const secret = config.jwt_secret === undefined ? undefined : new TextEncoder().encode(config.jwt_secret);
  const published =
    config.jwt_jwks_uri === undefined
      ? undefined
      : jose.createRemoteJWKSet(new URL(config.jwt_jwks_uri), {
          cacheMaxAge: jwksCacheMs,
          cooldownDuration: jwksCooldownMs,
          timeoutDuration: jwksTimeoutMs,
        });
  // The algorithm decides where the key comes from, so that a published key can never be used as a secret.
  const keyFor: JWTVerifyGetKey = async (header, token) => {
    const key = header.alg === "HS256" ? secret : await published?.(header, token);
    if (key === undefined) throw new jose.errors.JOSEAlgNotAllowed(`no key is configured for ${header.alg}`);
    return key;
  };
  const options = {
    algorithms: ["HS256", "RS256", "ES256"],
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["exp"],
    ...(config.jwt_issuer !== undefined && { issuer: config.jwt_issuer }),
    ...(config.jwt_audience !== undefined && { audience: config.jwt_audience }),
  };
  return async (jwt) => {
    if (jwt.length > tokenLengthMax) return undefined;
    try {
      const { payload } = await jose.jwtVerify(jwt, keyFor, options);
      const user = payload[config.jwt_user_claim];
      if (typeof user !== "string" || user === "") return undefined;
      return { user, roles: rolesOf(payload[config.jwt_roles_claim]) };
    } catch (error) {
      // A token that is wrong is the client's affair; keys that cannot be fetched are the operator's.
      const isTokensFault =
        error instanceof jose.errors.JOSEError && !(error instanceof jose.errors.JWKSTimeout);
      log[isTokensFault ? "debug" : "warn"]({ err: error }, "a token was not accepted");
      return undefined;
    }
  };
}

function rolesOf(claim: unknown): readonly string[] | undefined {
  if (typeof claim === "string") return claim.split(/\s+/).filter((word) => word !== "");
  if (Array.isArray(claim)) return claim.filter((role) => typeof role === "string");
  return undefined;
}
