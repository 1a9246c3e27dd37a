import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, scrypt } from "node:crypto";
import { WeftkitError } from "@weftkit/core";

const nonceBytes = 12;
const tagBytes = 16;
/** How much longer a part is than what it holds: the nonce before, the tag behind. */
export const cipherOverheadBytes = nonceBytes + tagBytes;

const passphraseLengthMin = 16;
/** 32 MiB and about a tenth of a second, once per start. */
const scryptCost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const scryptSalt = "weftkit WKP-1 encryption key";

/**
 * Encrypts the parts of one subtree's pieces before they leave, and back. The same part gives the same bytes, so that
 * an upload can be resumed. Which part it is (subtree, piece, number from 0) is bound to the ciphertext, so that parts
 * cannot be exchanged for each other.
 */
export interface PartCipher {
  /** For the manifest: tells keys apart without revealing them. */
  readonly keyName: string;
  /** How much longer a part gets. */
  readonly overheadBytes: number;
  seal(pieceSha256: string, index: number, plain: Uint8Array): Buffer;
  /** @throws WeftkitError `decryption_failed` when key, place or bytes are not those that were sealed. */
  open(pieceSha256: string, index: number, sealed: Uint8Array): Buffer;
}

/**
 * Makes the cipher of a secret: 64 hexadecimal digits or the base64 of 32 bytes are the key itself
 * (`openssl rand -hex 32`); anything else is a passphrase of at least 16 characters, from which scrypt (N 32768, r 8,
 * p 1) derives the key. The salt is fixed, because every machine with the passphrase must come to the same key: a
 * passphrase is only as good as it is hard to guess.
 *
 * @throws WeftkitError `encryption_key_invalid`.
 */
export async function createPartCipher(secret: string, subtree: string): Promise<PartCipher> {
  return new AesGcmCipher(await keyOf(secret), subtree);
}

/** @throws WeftkitError `encryption_key_invalid` when a text is neither a key nor a passphrase */
export function requireEncryptionKey(secret: string): void {
  if (secret.length >= passphraseLengthMin) return;
  const message = `the encryption key must be 32 bytes in hexadecimal or base64 (openssl rand -hex 32), or a passphrase of at least ${passphraseLengthMin} characters`;
  throw new WeftkitError("encryption_key_invalid", message);
}

async function keyOf(secret: string): Promise<Buffer> {
  if (/^[0-9a-f]{64}$/i.test(secret)) return Buffer.from(secret, "hex");
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(secret)) return Buffer.from(secret, "base64");
  requireEncryptionKey(secret);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(secret.normalize("NFC"), scryptSalt, 32, scryptCost, (error, key) =>
    error === null ? resolve(key) : reject(error),
  );
  return promise;
}

class AesGcmCipher implements PartCipher {
  readonly keyName: string;
  readonly overheadBytes = cipherOverheadBytes;
  readonly #key: Buffer;
  readonly #nonceKey: Buffer;
  readonly #subtree: string;

  constructor(key: Buffer, subtree: string) {
    this.#key = key;
    this.#subtree = subtree;
    this.#nonceKey = Buffer.from(hkdfSync("sha256", key, "", "weftkit WKP-1 part nonce", 32));
    this.keyName = createHash("sha256").update("weftkit key name").update(key).digest("hex").slice(0, 16);
  }

  seal(pieceSha256: string, index: number, plain: Uint8Array): Buffer {
    const place = this.#place(pieceSha256, index);
    const nonce = this.#nonceOf(place, plain);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(place);
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(pieceSha256: string, index: number, sealed: Uint8Array): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    try {
      const nonce = bytes.subarray(0, nonceBytes);
      const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(this.#place(pieceSha256, index));
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
      const plain = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
      return Buffer.concat([plain, decipher.final()]);
    } catch (error) {
      const message = `part ${index} of piece ${pieceSha256} cannot be decrypted with key ${this.keyName}: is it the key it was encrypted with?`;
      throw new WeftkitError("decryption_failed", message, { cause: error });
    }
  }

  /**
   * Derived, not random, so that a resumed upload gives the same bytes. What is encrypted goes into it as well as its
   * place: two different plaintexts never share a nonce, not even when a piece changed on the disk after it was hashed.
   */
  #nonceOf(place: Buffer, plain: Uint8Array): Buffer {
    const content = createHash("sha256").update(plain).digest();
    return createHmac("sha256", this.#nonceKey)
      .update(place)
      .update(content)
      .digest()
      .subarray(0, nonceBytes);
  }

  /** The additional authenticated data: version, subtree, piece, part number, one a line. */
  #place(pieceSha256: string, index: number): Buffer {
    return Buffer.from(["WKP1", this.#subtree, pieceSha256, index].join("\n"));
  }
}
