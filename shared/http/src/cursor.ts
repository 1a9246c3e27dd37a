import { createHmac, timingSafeEqual } from "node:crypto";
import { problems } from "./problems.ts";

const tagBytes = 12;
const cursorLengthMax = 8192;

/**
 * Opaque cursors: where a listing goes on. They are bound to the listing they come from (its collection, filter, order)
 * and authenticated, so that what comes back is what was given out, and a cursor of another listing is refused.
 */
export class Cursors {
  readonly #key: Buffer;

  /** `key` is secret and outlives the process, so that cursors do too. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** `listing` says which listing it is; `position` is any JSON. */
  write(listing: string, position: unknown): string {
    const payload = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.#tag(listing, payload), payload]).toString("base64url");
  }

  /** @throws Problem `invalid-cursor`. */
  read(listing: string, cursor: string): unknown {
    const bytes = cursor.length > cursorLengthMax ? Buffer.alloc(0) : Buffer.from(cursor, "base64url");
    const payload = bytes.subarray(tagBytes);
    const isOurs =
      payload.length > 0 &&
      bytes.toString("base64url") === cursor &&
      timingSafeEqual(bytes.subarray(0, tagBytes), this.#tag(listing, payload));
    if (!isOurs) {
      throw problems.invalidCursor(
        "use the cursor of the page before, with the same filter and sort; to begin again, leave it out",
      );
    }
    return JSON.parse(payload.toString()) as unknown;
  }

  #tag(listing: string, payload: Buffer): Buffer {
    const hmac = createHmac("sha256", this.#key).update(`${listing.length}:${listing}`).update(payload);
    return hmac.digest().subarray(0, tagBytes);
  }
}
