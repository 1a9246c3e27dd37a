import { createHash, createHmac, pbkdf2, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { Slots } from "@weftkit/core";
import { saslPrepare } from "./saslprep.ts";

/**
 * What is kept instead of a password (RFC 5802, section 3, with SHA-256 by RFC 7677): enough to check one and to
 * answer a SCRAM client, not enough to log in elsewhere.
 */
export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** RFC 7677, section 4: at least 4096, which is what PostgreSQL takes too. */
const iterationsMin = 4096;
/** A hostile or mistyped verifier must not make one login take minutes. */
const iterationsMax = 1_000_000;
const saltBytes = 16;
const hashBytes = 32;

const deriveKey = promisify(pbkdf2);

/**
 * Derivations run on the thread pool that also flushes files. Two at a time leave room for those, so that a storm
 * of logins does not hold up writes.
 */
const derivations = new Slots(2);

/** Makes the verifier of a password, with a fresh salt unless one is given. */
export async function makeVerifier(
  password: string | Uint8Array,
  salt: Buffer = randomBytes(saltBytes),
): Promise<ScramVerifier> {
  return verifierOf(await saltedPassword(password, salt, iterationsMin), salt);
}

/** As `makeVerifier`, within the caller's turn: 2 ms, for statements that cannot wait. */
export function makeVerifierNow(password: string): ScramVerifier {
  const salt = randomBytes(saltBytes);
  return verifierOf(pbkdf2Sync(saslPrepare(password), salt, iterationsMin, hashBytes, "sha256"), salt);
}

function verifierOf(salted: Buffer, salt: Buffer): ScramVerifier {
  const clientKey = hmac(salted, "Client Key");
  return {
    iterations: iterationsMin,
    salt,
    storedKey: createHash("sha256").update(clientKey).digest(),
    serverKey: hmac(salted, "Server Key"),
  };
}

/**
 * A verifier that no password matches, which takes as long to check as one that some does; with a salt of its own, or a
 * random one.
 */
export function unmatchableVerifier(salt: Buffer = randomBytes(saltBytes)): ScramVerifier {
  return {
    iterations: iterationsMin,
    salt,
    storedKey: randomBytes(hashBytes),
    serverKey: randomBytes(hashBytes),
  };
}

/**
 * Whether `password` is the one that the verifier was made from; compared in constant time. One with a NUL in it never
 * is: HMAC pads its key with zeros, so "secret" and "secret\0" would be the same.
 */
export async function matchesVerifier(
  verifier: ScramVerifier,
  password: string | Uint8Array,
): Promise<boolean> {
  if (saslPrepare(password).includes(0)) return false;
  const salted = await saltedPassword(password, verifier.salt, verifier.iterations);
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  return timingSafeEqual(storedKey, verifier.storedKey);
}

/**
 * Reads a verifier as PostgreSQL writes it: `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`, in base64.
 * Returns undefined when `text` is not one; such a text is a password.
 */
export function parseVerifier(text: string): ScramVerifier | undefined {
  const match = /^SCRAM-SHA-256\$(\d{1,7}):([\w+/=]+)\$([\w+/=]+):([\w+/=]+)$/.exec(text);
  if (match === null) return undefined;
  const [salt, storedKey, serverKey] = match.slice(2).map((part) => Buffer.from(part, "base64"));
  const iterations = Number(match[1]);
  if (iterations < 1 || iterations > iterationsMax || salt === undefined || salt.length === 0)
    return undefined;
  if (storedKey?.length !== hashBytes || serverKey?.length !== hashBytes) return undefined;
  return { iterations, salt, storedKey, serverKey };
}

/** Writes a verifier as `parseVerifier` reads it. */
export function verifierText({ iterations, salt, storedKey, serverKey }: ScramVerifier): string {
  const [saltText, stored, server] = [salt, storedKey, serverKey].map((part) => part.toString("base64"));
  return `SCRAM-SHA-256$${iterations}:${saltText}$${stored}:${server}`;
}

function saltedPassword(password: string | Uint8Array, salt: Buffer, iterations: number): Promise<Buffer> {
  return derivations.run(() => deriveKey(saslPrepare(password), salt, iterations, hashBytes, "sha256"));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
