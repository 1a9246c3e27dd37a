/** What a platform gives for a while: a role's credentials, a token, a secret that may be replaced. */
export interface Temporary<Value> {
  readonly value: Value;
  /** Unix time in milliseconds from when on it is asked for again. */
  readonly renewAtMs: number;
  /** Unix time in milliseconds until when it may be used while the platform does not answer. */
  readonly expiresAtMs: number;
}

/** After a failure, while the old one holds. */
const retryAfterMs = 15_000;

/** Gives a temporary value, and gets a new one before the old expires. */
export class Renewed<Value> {
  readonly #fetch: () => Promise<Temporary<Value>>;
  #current: Temporary<Value> | undefined;
  #fetching: Promise<Temporary<Value>> | undefined;
  #retryAtMs = 0;

  /** @param fetch asks the platform; it is never called twice at the same time */
  constructor(fetch: () => Promise<Temporary<Value>>) {
    this.#fetch = fetch;
  }

  /** Rejects as `fetch` does, when there is no value that still holds. */
  async get(): Promise<Value> {
    const now = Date.now();
    const current = this.#current;
    const isUsable = current !== undefined && current.expiresAtMs > now;
    if (isUsable && (current.renewAtMs > now || now < this.#retryAtMs)) return current.value;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    try {
      this.#current = await this.#fetching;
      return this.#current.value;
    } catch (error) {
      this.#retryAtMs = Date.now() + retryAfterMs;
      if (isUsable) return current.value;
      throw error;
    }
  }
}
