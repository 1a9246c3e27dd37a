import type { Authenticator, SecurityContext } from "@weftkit/auth";
import type { PackValue } from "@weftkit/wire-bolt";
import { CypherError } from "../errors.ts";

function refused(): CypherError {
  return new CypherError(
    "Neo.ClientError.Security.Unauthorized",
    "The client is unauthorized due to authentication failure.",
  );
}

/** Who a client is, by the token of HELLO or LOGON. @throws CypherError Unauthorized */
export async function authenticate(
  authenticator: Authenticator,
  identity: SecurityContext | undefined,
  token: ReadonlyMap<string, PackValue>,
): Promise<SecurityContext> {
  const { anonymous } = authenticator;
  const scheme = token.get("scheme");
  const principal = token.get("principal");
  const credentials = token.get("credentials");
  let user: SecurityContext | undefined;
  if (anonymous !== undefined) user = anonymous;
  else if (scheme === "basic" && typeof principal === "string" && typeof credentials === "string")
    user = await authenticator.verifyPassword(principal, credentials);
  else if (scheme === "bearer" && typeof credentials === "string")
    user = await authenticator.verifyToken(credentials);
  else if (identity !== undefined) user = identity;
  if (user === undefined) throw refused();
  if (!user.can("connect") && user.scope("connect") === "none")
    throw new CypherError(
      "Neo.ClientError.Security.Forbidden",
      `The user '${user.user}' is not allowed to connect.`,
    );
  return user;
}
