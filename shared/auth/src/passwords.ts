import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  makeVerifier,
  matchesVerifier,
  parseVerifier,
  type ScramVerifier,
  unmatchableVerifier,
} from "./scram.ts";

/** Makes the digests of remembered passwords useless outside this process. */
const digestKey = randomBytes(32);

/** The password of one user: its verifier, and a keyed digest of it once it was verified. */
export class Password {
  /** What a SCRAM login is checked with. */
  readonly verifier: ScramVerifier;
  /** The password itself, when that is what was configured; protocols that sign with it need it (SigV4). */
  readonly secret: string | undefined;
  #verifiedDigest: Buffer | undefined;

  private constructor(verifier: ScramVerifier, secret?: string) {
    this.verifier = verifier;
    this.secret = secret;
  }

  /** From what is configured: a verifier in PostgreSQL's form, or the password itself. */
  static async from(configured: string): Promise<Password> {
    const verifier = parseVerifier(configured);
    if (verifier !== undefined) return new Password(verifier);
    return new Password(await makeVerifier(configured), configured);
  }

  /** Matches nothing, in the time that a real one takes. */
  static unmatchable(): Password {
    return new Password(unmatchableVerifier());
  }

  /**
   * Whether this is the password. The first success takes a key derivation (milliseconds), the ones after it a digest
   * (microseconds): clients that connect for every request stay cheap. A wrong password always takes the derivation.
   */
  async matches(password: string | Uint8Array): Promise<boolean> {
    const digest = createHmac("sha256", digestKey).update(password).digest();
    if (this.#verifiedDigest !== undefined && timingSafeEqual(digest, this.#verifiedDigest)) return true;
    if (!(await matchesVerifier(this.verifier, password))) return false;
    this.#verifiedDigest = digest;
    return true;
  }
}
