import { createHash } from "node:crypto";
import { type Classification, classify } from "./classify.ts";

/** A statement that clients have prepared: the same text with the same parameter types is one, whoever prepared it. */
export interface Prepared {
  /** Its name on servers. */
  readonly name: string;
  /** What follows the name in Parse: the text, its NUL, the types. */
  readonly body: Buffer;
  readonly classification: Classification;
}

const keptMax = 20_000;

/** All prepared statements of a pool, by their hash. */
export class PreparedStatements {
  readonly #byHash = new Map<string, Prepared>();

  get size(): number {
    return this.#byHash.size;
  }

  /** @param body what follows the name in Parse; copied when it is new */
  of(body: Buffer): Prepared {
    const hash = createHash("sha256").update(body).digest("base64url");
    const known = this.#byHash.get(hash);
    if (known !== undefined) return known;
    // Those who use one hold it; this is only for finding it again.
    if (this.#byHash.size >= keptMax) this.#byHash.delete(this.#byHash.keys().next().value!);
    const prepared = preparedOf(`weftkit_${hash.slice(0, 32)}`, body);
    this.#byHash.set(hash, prepared);
    return prepared;
  }
}

export function preparedOf(name: string, body: Buffer): Prepared {
  const text = body.toString("utf8", 0, Math.max(0, body.indexOf(0)));
  return { name, body: Buffer.from(body), classification: classify(text) };
}

/** A message whose first field is a name, with another name and what follows it. */
export function renamed(type: "P" | "B", before: Buffer, name: string, after: Buffer): Buffer {
  const length = 4 + before.length + name.length + 1 + after.length;
  const message = Buffer.allocUnsafe(1 + length);
  message[0] = type.charCodeAt(0);
  message.writeInt32BE(length, 1);
  let at = 5 + before.copy(message, 5);
  at += message.write(name, at, "latin1");
  message[at++] = 0;
  after.copy(message, at);
  return message;
}
