import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Authenticator, SecurityContext } from "@weftkit/auth";
import { type Clock, systemClock } from "@weftkit/core";
import type { Peer } from "@weftkit/host";
import { AwsError } from "./aws-error.ts";
import { canonicalRequest, signatureOf, stringToSign } from "./sigv4/canonical.ts";
import { type ReadSignature, readSignature } from "./sigv4/read-signature.ts";
import { SigningKeys } from "./sigv4/signing-key.ts";

/** Who asks, and for which region. */
export interface AwsIdentity {
  readonly user: SecurityContext;
  readonly accessKey: string;
  readonly region: string;
}

export interface RequestVerifierOptions {
  readonly auth: Authenticator;
  /** The service's name in credentials: `dynamodb`. */
  readonly service: string;
  readonly clock?: Clock;
}

/** What of a request says who asks. */
export interface VerifiedRequest {
  readonly method: string;
  /** The path and the query. */
  readonly url: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly body: Buffer;
  readonly peer: Pick<Peer, "identity"> | undefined;
}

/** So far a client's clock may be off. */
const skewMs = 15 * 60_000;

/**
 * Finds out who signed a request.
 *
 * With `auth.method` `none` every signature that has the right form is good. With `password` the access key is the
 * user's name and the secret key the password. With `jwt` the token comes as the session token; with `mtls` the
 * certificate says who it is; then the signature proves nothing more, and is not looked at.
 */
export class RequestVerifier {
  readonly #auth: Authenticator;
  readonly #service: string;
  readonly #clock: Clock;
  readonly #keys = new SigningKeys();

  constructor({ auth, service, clock = systemClock }: RequestVerifierOptions) {
    this.#auth = auth;
    this.#service = service;
    this.#clock = clock;
  }

  /** @throws AwsError with one of the codes that AWS has for it */
  verify(request: VerifiedRequest): AwsIdentity | Promise<AwsIdentity> {
    const { url } = request;
    const question = url.indexOf("?");
    const query = question === -1 ? "" : url.slice(question + 1);
    const read = readSignature(request.headers, query, this.#service);
    const { accessKey, region } = read.credential;
    if (this.#auth.anonymous !== undefined) return { user: this.#auth.anonymous, accessKey, region };
    if (request.peer?.identity !== undefined) return { user: request.peer.identity, accessKey, region };
    if (this.#auth.method === "jwt") return this.#verifyToken(read);
    const user = this.#auth.withSecret(accessKey, (secret, context) => {
      this.#requireSignature(request, question === -1 ? url : url.slice(0, question), query, read, secret);
      return context;
    });
    if (user === undefined) throw unrecognized();
    return { user, accessKey, region };
  }

  async #verifyToken({ sessionToken, credential }: ReadSignature): Promise<AwsIdentity> {
    const user = sessionToken === undefined ? undefined : await this.#auth.verifyToken(sessionToken);
    if (user === undefined) throw unrecognized();
    return { user, accessKey: credential.accessKey, region: credential.region };
  }

  #requireSignature(
    request: VerifiedRequest,
    path: string,
    query: string,
    read: ReadSignature,
    secret: string,
  ): void {
    const { credential, timestamp, signedHeaders } = read;
    this.#requireTime(read);
    if (!signedHeaders.includes("host")) {
      throw AwsError.service(
        "InvalidSignatureException",
        "'Host' must be a 'SignedHeader' in the AWS Authorization.",
      );
    }
    const key = this.#keys.get(
      credential.accessKey,
      secret,
      credential.date,
      credential.region,
      credential.service,
    );
    const bodyHash = createHash("sha256").update(request.body).digest("hex");
    const canonical = canonicalRequest(
      { method: request.method, path, query, headers: request.headers, bodyHash },
      signedHeaders,
    );
    const scope = `${credential.date}/${credential.region}/${credential.service}/aws4_request`;
    const expected = Buffer.from(signatureOf(key, stringToSign(timestamp, scope, canonical)));
    const given = Buffer.from(read.signature);
    if (expected.length === given.length && timingSafeEqual(expected, given)) return;
    throw AwsError.service(
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }

  #requireTime({ timestamp, expiresSeconds }: ReadSignature): void {
    const atMs = parseTimestamp(timestamp);
    if (atMs === undefined) {
      throw AwsError.service(
        "IncompleteSignatureException",
        `Date must be in ISO-8601 'basic format'. Got '${timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      );
    }
    const nowMs = this.#clock.wallMs();
    const validMs = expiresSeconds === undefined ? skewMs : expiresSeconds * 1000;
    if (!(nowMs - atMs <= validMs)) {
      throw AwsError.service(
        "InvalidSignatureException",
        `Signature expired: ${timestamp} is now earlier than ${basicTime(nowMs - validMs)} (${basicTime(nowMs)} - ${Math.round(validMs / 60_000)} min.)`,
      );
    }
    if (atMs - nowMs > skewMs) {
      throw AwsError.service(
        "InvalidSignatureException",
        `Signature not yet current: ${timestamp} is still later than ${basicTime(nowMs + skewMs)} (${basicTime(nowMs)} + 15 min.)`,
      );
    }
  }
}

function unrecognized(): AwsError {
  return AwsError.service(
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  );
}

function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

function basicTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}
