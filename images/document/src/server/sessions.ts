import { BinData, Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { ClientTransaction } from "./transactions.ts";

/** A logical session: what a driver's `lsid` names, on whatever connection. */
export interface ClientSession {
  readonly key: string;
  readonly id: Buffer;
  readonly user: string;
  lastUsedMs: number;
  /** The highest number of a transaction or a retryable write. */
  txnNumber: bigint;
  transaction: ClientTransaction | undefined;
}

/** logicalSessionTimeoutMinutes. */
export const sessionTimeoutMinutes = 30;
const sessionsMax = 100_000;

export class Sessions {
  readonly #sessions = new Map<string, ClientSession>();

  /** The session of an `lsid`. @throws MongoError */
  use(lsid: Value, user: string): ClientSession {
    const id = lsid instanceof Doc ? lsid.get("id") : undefined;
    if (id === undefined)
      throw new MongoError(
        40414,
        "BSON field 'OperationSessionInfo.lsid.id' is missing but a required field",
      );
    if (!(id instanceof BinData)) {
      throw new MongoError(
        14,
        "BSON field 'OperationSessionInfo.lsid.id' is the wrong type, expected type 'binData'",
      );
    }
    if (id.subtype !== 4 || id.bytes.length !== 16) {
      throw new MongoError(207, "uuid must be a 16-byte binary field with UUID (4) subtype");
    }
    const key = `${id.bytes.toString("hex")}/${user}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      if (this.#sessions.size >= sessionsMax)
        throw new MongoError(
          264,
          "Unable to add session into the cache because the number of active sessions is too high",
        );
      session = {
        key,
        id: Buffer.from(id.bytes),
        user,
        lastUsedMs: Date.now(),
        txnNumber: -1n,
        transaction: undefined,
      };
      this.#sessions.set(key, session);
    }
    session.lastUsedMs = Date.now();
    return session;
  }

  get size(): number {
    return this.#sessions.size;
  }

  all(): Iterable<ClientSession> {
    return this.#sessions.values();
  }

  find(id: Buffer): ClientSession[] {
    return [...this.#sessions.values()].filter((session) => session.id.equals(id));
  }

  end(session: ClientSession): void {
    this.#sessions.delete(session.key);
    session.transaction?.abort();
  }

  /** Ends those that were not used for the sessions' time. Gives them. */
  expire(nowMs: number): ClientSession[] {
    const gone = [...this.#sessions.values()].filter(
      ({ lastUsedMs }) => nowMs - lastUsedMs > sessionTimeoutMinutes * 60_000,
    );
    for (const session of gone) this.end(session);
    return gone;
  }
}
