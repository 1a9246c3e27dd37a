import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, scryptSync } from "node:crypto";

const algorithm = "aes-256-ctr";
const blockBytes = 16;

/** What a content is encrypted with; the counter begins at `iv`. */
export interface ContentKey {
  readonly key: Buffer;
  readonly iv: Buffer;
}

export function newIv(): Buffer {
  return randomBytes(blockBytes);
}

/** The counter after so many blocks. */
function advanced(iv: Buffer, blocks: number): Buffer {
  const value = (BigInt(`0x${iv.toString("hex")}`) + BigInt(blocks)) & ((1n << 128n) - 1n);
  return Buffer.from(value.toString(16).padStart(32, "0"), "hex");
}

export async function* encrypted(
  source: AsyncIterable<Buffer>,
  { key, iv }: ContentKey,
): AsyncGenerator<Buffer> {
  const cipher = createCipheriv(algorithm, key, iv);
  for await (const chunk of source) yield cipher.update(chunk);
}

/** Decrypts what was read from `start` on. */
export async function* decrypted(
  source: AsyncIterable<Buffer>,
  { key, iv }: ContentKey,
  start: number,
): AsyncGenerator<Buffer> {
  const decipher = createDecipheriv(algorithm, key, advanced(iv, Math.floor(start / blockBytes)));
  decipher.update(Buffer.alloc(start % blockBytes));
  for await (const chunk of source) yield decipher.update(chunk);
}

/** The engine's own key, by which the keys of objects are encrypted. */
export class MasterKey {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = Buffer.from(hkdfSync("sha256", key, "", "weftkit filestore object keys", 32));
  }

  /** A key for one object, and what is kept of it. */
  newKey(): { readonly key: Buffer; readonly wrapped: string } {
    const key = randomBytes(32);
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv);
    const sealed = Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return { key, wrapped: sealed.toString("base64") };
  }

  /** @throws when it was made with another master key */
  unwrap(wrapped: string): Buffer {
    const sealed = Buffer.from(wrapped, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(44));
    return Buffer.concat([decipher.update(sealed.subarray(12, 44)), decipher.final()]);
  }
}

/** What `encryption_key` means: 32 bytes in hexadecimal or base64, or a passphrase. */
export function masterKeyOf(text: string): Buffer {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  const decoded = Buffer.from(text, "base64");
  if (decoded.length === 32 && decoded.toString("base64") === text) return decoded;
  return scryptSync(text.normalize("NFC"), "weftkit filestore encryption key", 32, {
    N: 32768,
    r: 8,
    p: 1,
    maxmem: 64 * 1024 ** 2,
  });
}

export function md5Base64(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("base64");
}
