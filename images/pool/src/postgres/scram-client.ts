import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { saslPrepare } from "@weftkit/auth";
import { WeftkitError } from "@weftkit/core";

const derive = promisify(pbkdf2);
const iterationsMax = 10_000_000;

/** What the pool can prove with: a password, or what a client with the same verifier has proved to know. */
export type ScramSecret =
  | { readonly password: string }
  | { readonly clientKey: Buffer; readonly serverKey: Buffer };

/** The client's side of one SCRAM-SHA-256 login (RFC 5802, RFC 7677). 1. `first` 2. `final` 3. `verify` */
export class ScramClient {
  readonly #secret: ScramSecret;
  readonly #name: string;
  readonly #nonce = randomBytes(18).toString("base64");
  #serverSignature = Buffer.alloc(0);

  /** @param user empty where the protocol has told it before (PostgreSQL) */
  constructor(secret: ScramSecret, user = "") {
    this.#secret = secret;
    this.#name = user.replaceAll("=", "=3D").replaceAll(",", "=2C");
  }

  first(): string {
    return `n,,n=${this.#name},r=${this.#nonce}`;
  }

  /** @throws WeftkitError `malformed_scram` */
  async final(serverFirst: string): Promise<string> {
    const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})(?:,.*)?$/s.exec(serverFirst);
    const [, nonce = "", salt = "", count = ""] = match ?? [];
    const iterations = Number(count);
    if (match === null || !nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new WeftkitError("malformed_scram", "the server's first SCRAM message makes no sense");
    }
    if (iterations < 1 || iterations > iterationsMax) {
      throw new WeftkitError("malformed_scram", `the server asks for ${count} iterations`);
    }
    const { clientKey, serverKey } = await this.#keys(Buffer.from(salt, "base64"), iterations);
    const unproved = `c=biws,r=${nonce}`;
    const authMessage = `n=${this.#name},r=${this.#nonce},${serverFirst},${unproved}`;
    const storedKey = createHash("sha256").update(clientKey).digest();
    const signature = createHmac("sha256", storedKey).update(authMessage).digest();
    this.#serverSignature = createHmac("sha256", serverKey).update(authMessage).digest();
    const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
    return `${unproved},p=${Buffer.from(proof).toString("base64")}`;
  }

  /** @throws WeftkitError `malformed_scram` when the server does not know the password either */
  verify(serverFinal: string): void {
    const given = Buffer.from(/^v=([A-Za-z0-9+/=]+)/.exec(serverFinal)?.[1] ?? "", "base64");
    if (given.length !== this.#serverSignature.length || !timingSafeEqual(given, this.#serverSignature)) {
      throw new WeftkitError("malformed_scram", "the server did not prove that it knows the password");
    }
  }

  async #keys(salt: Buffer, iterations: number): Promise<{ clientKey: Buffer; serverKey: Buffer }> {
    if ("clientKey" in this.#secret) return this.#secret;
    const salted = await derive(saslPrepare(this.#secret.password), salt, iterations, 32, "sha256");
    return {
      clientKey: createHmac("sha256", salted).update("Client Key").digest(),
      serverKey: createHmac("sha256", salted).update("Server Key").digest(),
    };
  }
}
