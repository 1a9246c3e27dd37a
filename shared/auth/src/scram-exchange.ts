import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { WeftkitError } from "@weftkit/core";
import type { ScramVerifier } from "./scram.ts";
import type { SecurityContext } from "./security-context.ts";

/** Whom a login name stands for; for a name that nobody has, a verifier that no password matches and no context. */
export interface ScramAccount<Context = SecurityContext> {
  readonly verifier: ScramVerifier;
  readonly context: Context | undefined;
}

export interface ScramOptions {
  /** The login name where the protocol has told it before (PostgreSQL); otherwise the client's first message tells it. */
  readonly user?: string;
  /**
   * Channel binding of the type `tls-server-end-point` (RFC 5929): the hash of the server's certificate. Without TLS, or with
   * a protocol that does not offer the -PLUS mechanism, undefined.
   */
  readonly channelBinding?: Buffer;
  /** Whether the client chose SCRAM-SHA-256-PLUS. */
  readonly isPlus?: boolean;
}

/** What a login has come to. */
export interface ScramOutcome<Context = SecurityContext> {
  /** server-final-message: proves to the client that the server knows the verifier. */
  readonly message: string;
  readonly context: Context;
  /**
   * What the client has proved to know: with it one can log in wherever the same verifier is kept (a proxy at its servers).
   * It is as secret as the password.
   */
  readonly clientKey: Buffer;
}

const nonceBytes = 18;
/** Longer messages are nobody's: a nonce, a name and a hash. */
const messageBytesMax = 4096;

/**
 * The server's side of one SCRAM-SHA-256 login (RFC 5802, RFC 7677): 1. `first` 2. `final`, each once. Messages are as in
 * the RFC, without what a protocol puts around them.
 */
export class ScramExchange<Context = SecurityContext> {
  readonly #accountOf: (user: string) => ScramAccount<Context>;
  readonly #options: ScramOptions;
  #account: ScramAccount<Context> | undefined;
  #gs2Header = "";
  #nonce = "";
  #firstMessages = "";

  constructor(accountOf: (user: string) => ScramAccount<Context>, options: ScramOptions = {}) {
    this.#accountOf = accountOf;
    this.#options = options;
  }

  /**
   * Takes the client-first-message and gives the server-first-message.
   *
   * @throws WeftkitError `malformed_scram`; its message may be told to the client
   */
  first(message: string): string {
    if (this.#account !== undefined) throw malformed("a second first message");
    const match =
      message.length > messageBytesMax
        ? null
        : /^(?<header>(?<binding>n|y|p=[A-Za-z0-9.-]+),(?:a=[^,]*)?,)(?<bare>n=(?<name>[^,]*),r=(?<nonce>[\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(
            message,
          );
    const { header = "", binding = "", bare = "", name = "", nonce = "" } = match?.groups ?? {};
    if (match === null) throw malformed("the first message is not one of SCRAM");
    this.#checkBinding(binding);
    this.#gs2Header = header;
    this.#nonce = nonce + randomBytes(nonceBytes).toString("base64");
    this.#account = this.#accountOf(this.#options.user ?? name.replaceAll("=2C", ",").replaceAll("=3D", "="));
    const { salt, iterations } = this.#account.verifier;
    const answer = `r=${this.#nonce},s=${salt.toString("base64")},i=${iterations}`;
    this.#firstMessages = `${bare},${answer}`;
    return answer;
  }

  /**
   * Takes the client-final-message; undefined when the password is not the right one (or the user does not exist).
   *
   * @throws WeftkitError `malformed_scram`
   */
  final(message: string): ScramOutcome<Context> | undefined {
    if (this.#account === undefined || this.#nonce === "") throw malformed("a final message without a first");
    const match =
      message.length > messageBytesMax
        ? null
        : /^(?<unproved>c=(?<binding>[A-Za-z0-9+/=]*),r=(?<nonce>[^,]+)(?:,.*)?),p=(?<proof>[A-Za-z0-9+/=]+)$/s.exec(
            message,
          );
    if (match === null) throw malformed("the final message is not one of SCRAM");
    const { unproved = "", binding = "", nonce = "", proof = "" } = match.groups ?? {};
    const expectedNonce = this.#nonce;
    this.#nonce = "";
    if (nonce !== expectedNonce) throw malformed("the nonce is not the server's");
    if (!this.#expectedBinding().equals(Buffer.from(binding, "base64"))) {
      throw malformed("the channel binding does not match");
    }
    const { verifier, context } = this.#account;
    const authMessage = `${this.#firstMessages},${unproved}`;
    const signature = createHmac("sha256", verifier.storedKey).update(authMessage).digest();
    const given = Buffer.from(proof, "base64");
    if (given.length !== signature.length) throw malformed("the proof has the wrong length");
    const clientKey = given.map((byte, index) => byte ^ signature[index]!);
    const isRight = timingSafeEqual(createHash("sha256").update(clientKey).digest(), verifier.storedKey);
    if (!isRight || context === undefined) return undefined;
    const server = createHmac("sha256", verifier.serverKey).update(authMessage).digest("base64");
    return { message: `v=${server}`, context, clientKey: Buffer.from(clientKey) };
  }

  /** RFC 5802, section 6: a client that could have bound the channel and thinks the server cannot has been lied to. */
  #checkBinding(flag: string): void {
    const { channelBinding, isPlus = false } = this.#options;
    if (isPlus !== flag.startsWith("p=")) {
      throw malformed("the mechanism and the channel binding flag contradict each other");
    }
    if (isPlus && flag !== "p=tls-server-end-point") {
      throw malformed("the only channel binding type is tls-server-end-point");
    }
    if (flag === "y" && channelBinding !== undefined) {
      throw malformed("the client takes this server for one without channel binding, and it has it");
    }
  }

  #expectedBinding(): Buffer {
    const { channelBinding, isPlus = false } = this.#options;
    const header = Buffer.from(this.#gs2Header);
    return isPlus && channelBinding !== undefined ? Buffer.concat([header, channelBinding]) : header;
  }
}

function malformed(message: string): WeftkitError {
  return new WeftkitError("malformed_scram", message);
}
