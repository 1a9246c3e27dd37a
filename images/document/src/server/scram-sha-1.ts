import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import type { SecurityContext } from "@weftkit/auth";
import { MongoError } from "../errors.ts";
import type { Authentication } from "./authentication-steps.ts";

/** MongoDB's default for SCRAM-SHA-1. */
export const sha1Iterations = 10_000;

/** What a SCRAM-SHA-1 login is checked with; MongoDB's password is a digest of user and password (MONGODB-CR's). */
export interface Sha1Verifier {
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export function sha1Verifier(user: string, password: string, salt = randomBytes(16)): Sha1Verifier {
  const digest = createHash("md5").update(`${user}:mongo:${password}`).digest("hex");
  const salted = pbkdf2Sync(digest, salt, sha1Iterations, 20, "sha1");
  const clientKey = createHmac("sha1", salted).update("Client Key").digest();
  return {
    salt,
    storedKey: createHash("sha1").update(clientKey).digest(),
    serverKey: createHmac("sha1", salted).update("Server Key").digest(),
  };
}

/** Whom a name stands for; undefined for a name that nobody has, or whose password cannot be known. */
export type Sha1AccountOf = (
  user: string,
) => { readonly verifier: Sha1Verifier; readonly context: SecurityContext } | undefined;

const unknownUserKey = randomBytes(32);

/** The server's side of a SCRAM-SHA-1 login (RFC 5802), as old drivers use it. */
export class ScramSha1 implements Authentication {
  readonly mechanism = "SCRAM-SHA-1";
  readonly #accountOf: Sha1AccountOf;
  #verifier: Sha1Verifier | undefined;
  #context: SecurityContext | undefined;
  #firstMessages = "";
  #nonce = "";
  #header = "";
  #isProved = false;

  constructor(accountOf: Sha1AccountOf) {
    this.#accountOf = accountOf;
  }

  async step(payload: Buffer) {
    if (this.#isProved) return { payload: Buffer.alloc(0), isDone: true, ...this.#user() };
    return this.#verifier === undefined ? this.#first(payload.toString()) : this.#final(payload.toString());
  }

  #user() {
    return this.#context === undefined ? {} : { user: this.#context };
  }

  #first(message: string) {
    const match = /^(n,(?:a=[^,]*)?,|y,(?:a=[^,]*)?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+))$/.exec(message);
    if (match === null) throw failed();
    const [, header = "", bare = "", name = "", nonce = ""] = match;
    const user = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    const known = this.#accountOf(user);
    this.#context = known?.context;
    // One that does not exist has the same salt each time, and no password that is right.
    this.#verifier = known?.verifier ?? {
      salt: createHmac("sha256", unknownUserKey).update(user).digest().subarray(0, 16),
      storedKey: randomBytes(20),
      serverKey: randomBytes(20),
    };
    this.#header = header;
    this.#nonce = nonce + randomBytes(18).toString("base64");
    const answer = `r=${this.#nonce},s=${this.#verifier.salt.toString("base64")},i=${sha1Iterations}`;
    this.#firstMessages = `${bare},${answer}`;
    return { payload: Buffer.from(answer), isDone: false };
  }

  #final(message: string) {
    const match = /^(c=([A-Za-z0-9+/=]*),r=([^,]+)),p=([A-Za-z0-9+/=]+)$/.exec(message);
    if (match === null) throw failed();
    const [, unproved = "", binding = "", nonce = "", proof = ""] = match;
    const isOurs = nonce === this.#nonce && Buffer.from(binding, "base64").toString() === this.#header;
    const { storedKey, serverKey } = this.#verifier!;
    const authMessage = `${this.#firstMessages},${unproved}`;
    const signature = createHmac("sha1", storedKey).update(authMessage).digest();
    const given = Buffer.from(proof, "base64");
    if (!isOurs || given.length !== signature.length) throw failed();
    const clientKey = given.map((byte, index) => byte ^ signature[index]!);
    const isRight = timingSafeEqual(createHash("sha1").update(clientKey).digest(), storedKey);
    if (!isRight || this.#context === undefined) throw failed();
    this.#isProved = true;
    const answer = createHmac("sha1", serverKey).update(authMessage).digest("base64");
    return { payload: Buffer.from(`v=${answer}`), isDone: false, ...this.#user() };
  }
}

function failed(): MongoError {
  return new MongoError(18, "Authentication failed.");
}
