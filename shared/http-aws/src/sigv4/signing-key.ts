import { createHmac } from "node:crypto";

/** More keys than this, and the one that was made first is made again. */
const keysMax = 1024;

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** The key that a secret signs with on one day, in one region, for one service. */
export function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
}

/** Signing keys that were derived before: the derivation is four HMACs, and a client's key is the same all day. */
export class SigningKeys {
  readonly #keys = new Map<string, { readonly secret: string; readonly key: Buffer }>();

  get(user: string, secret: string, date: string, region: string, service: string): Buffer {
    const name = `${user}\0${date}\0${region}\0${service}`;
    const known = this.#keys.get(name);
    if (known?.secret === secret) return known.key;
    const key = signingKey(secret, date, region, service);
    this.#keys.delete(name);
    this.#keys.set(name, { secret, key });
    if (this.#keys.size > keysMax) this.#keys.delete(this.#keys.keys().next().value!);
    return key;
  }
}
