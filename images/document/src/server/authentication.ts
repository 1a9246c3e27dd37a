import type { Authenticator, SecurityContext } from "@weftkit/auth";
import { WeftkitError } from "@weftkit/core";
import { MongoError } from "../errors.ts";
import type { Authentication } from "./authentication-steps.ts";
import { ScramSha1 } from "./scram-sha-1.ts";
import type { Users } from "./users.ts";

export function authenticationFailed(): MongoError {
  return new MongoError(18, "Authentication failed.");
}

/** @throws MongoError 2, 334 for a mechanism that there is not */
export function beginAuthentication(
  mechanism: string,
  authenticator: Authenticator,
  users: Users,
  db: string,
  certificate: SecurityContext | undefined,
): Authentication {
  switch (mechanism) {
    case "SCRAM-SHA-256":
      return scramSha256(authenticator, users, db);
    case "SCRAM-SHA-1":
      return new ScramSha1((user) => users.sha1(user, db, authenticator));
    case "PLAIN":
      return plain(authenticator);
    case "MONGODB-X509":
      return {
        mechanism,
        step: async () => {
          if (certificate === undefined) throw authenticationFailed();
          return { payload: Buffer.alloc(0), isDone: true, user: certificate };
        },
      };
    default:
      throw new MongoError(
        334,
        `Received authentication for mechanism ${mechanism} which is unknown or not enabled`,
      );
  }
}

function scramSha256(authenticator: Authenticator, users: Users, db: string): Authentication {
  let exchange: ReturnType<Users["scram"]> | undefined;
  let user: SecurityContext | undefined;
  let isDone = false;
  return {
    mechanism: "SCRAM-SHA-256",
    step: async (payload) => {
      if (isDone) {
        if (user === undefined) throw authenticationFailed();
        return { payload: Buffer.alloc(0), isDone: true, user };
      }
      try {
        if (exchange === undefined) {
          exchange = users.scram(authenticator, db);
          return { payload: Buffer.from(exchange.first(payload.toString())), isDone: false };
        }
        const outcome = exchange.final(payload.toString());
        isDone = true;
        if (outcome === undefined) throw authenticationFailed();
        user = outcome.context;
        return { payload: Buffer.from(outcome.message), isDone: false, user };
      } catch (error) {
        if (error instanceof WeftkitError && error.code === "malformed_scram") throw authenticationFailed();
        throw error;
      }
    },
  };
}

/** The password itself, for tokens; only where the connection is private or a token is what is asked for. */
function plain(authenticator: Authenticator): Authentication {
  return {
    mechanism: "PLAIN",
    step: async (payload) => {
      const [, name = "", password = ""] = payload.toString().split("\0");
      const user = await authenticator.verifyPassword(name, password);
      if (user === undefined) throw authenticationFailed();
      return { payload: Buffer.alloc(0), isDone: true, user };
    },
  };
}
