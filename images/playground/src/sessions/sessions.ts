import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { SecurityContext } from "@weftkit/auth";
import { type Clock, systemClock } from "@weftkit/core";
import { Session } from "./session.ts";

/** Beyond it, the one that was not used for the longest time is logged out. */
const sessionsMax = 1000;
const sweepEveryMs = 15_000;

/** Who is logged in: by a random token of which only a hash is kept. */
export class Sessions {
  readonly #idleMs: number;
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #byHash = new Map<string, Session>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(idleMs: number, clock: Clock = systemClock) {
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#sweeping = setInterval(() => this.#sweep(), Math.min(sweepEveryMs, idleMs)).unref();
  }

  get size(): number {
    return this.#byHash.size;
  }

  /** Begins a session; the token is for the browser alone. */
  begin(user: SecurityContext, password: string): { session: Session; token: string } {
    const token = randomBytes(32).toString("base64url");
    const session = new Session(user, password);
    session.usedAtMs = this.#clock.monotonicMs();
    this.#byHash.set(hashOf(token), session);
    if (this.#byHash.size > sessionsMax) this.#end(this.#byHash.keys().next().value!);
    return { session, token };
  }

  /** The session of a token, used now. */
  find(token: string): Session | undefined {
    const hash = hashOf(token);
    const session = this.#byHash.get(hash);
    if (session === undefined) return undefined;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - session.usedAtMs > this.#idleMs) {
      this.#end(hash);
      return undefined;
    }
    session.usedAtMs = nowMs;
    this.#byHash.delete(hash);
    this.#byHash.set(hash, session);
    return session;
  }

  /** Logs out. */
  async end(token: string): Promise<void> {
    await this.#end(hashOf(token));
  }

  /** Logs everybody out. */
  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    await Promise.all([...this.#byHash.keys()].map((hash) => this.#end(hash)));
  }

  #sweep(): void {
    const beforeMs = this.#clock.monotonicMs() - this.#idleMs;
    for (const [hash, { usedAtMs }] of this.#byHash) {
      if (usedAtMs >= beforeMs) return;
      this.#end(hash);
    }
  }

  async #end(hash: string): Promise<void> {
    const session = this.#byHash.get(hash);
    this.#byHash.delete(hash);
    await session?.end();
  }
}

/** Whether two tokens are one; takes as long for all that are not. */
export function isSameToken(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(one)), Buffer.from(hashOf(other)));
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
