import { randomBytes, timingSafeEqual } from "node:crypto";

/** A session, as far as a cancel request is concerned. */
export interface Cancelable {
  cancel(): void;
}

/** The sessions by the number that pg_backend_pid() gives, each with the secret that a cancel request must bring. */
export class CancelKeys {
  readonly #sessions = new Map<number, { readonly key: Buffer; readonly session: Cancelable }>();

  /** Gives a session a key: 4 bytes in protocol 3.0, 32 in 3.2. */
  add(processId: number, session: Cancelable, keyBytes: 4 | 32): Buffer {
    const key = randomBytes(keyBytes);
    this.#sessions.set(processId, { key, session });
    return key;
  }

  remove(processId: number): void {
    this.#sessions.delete(processId);
  }

  /** Cancels what a session runs; nothing happens, and nothing is told, when number or key are wrong. */
  cancel(processId: number, key: Buffer): void {
    const known = this.#sessions.get(processId);
    if (known === undefined || known.key.length !== key.length) return;
    if (timingSafeEqual(known.key, key)) known.session.cancel();
  }
}
