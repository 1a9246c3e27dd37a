import { PgError } from "../errors.ts";

/** So much waits for the statement that stores it, before the client is held up. */
const waitingBytesMax = 1 << 20;

/** The data of a COPY ... FROM STDIN between the connection, which gives, and the statement, which takes. */
export class CopyQueue implements AsyncIterable<Buffer> {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isHeldUp = false;
  #end: "open" | "done" | PgError = "open";
  #wake: (() => void) | undefined;
  /** Told when there is room again, after there was none. */
  readonly #roomy: () => void;

  constructor(roomy: () => void) {
    this.#roomy = roomy;
  }

  /** Adds a copy of the bytes; false when the client should be held up until there is room. */
  push(data: Buffer): boolean {
    if (this.#end === "open" && data.length > 0) {
      this.#chunks.push(Buffer.from(data));
      this.#bytes += data.length;
      this.#wake?.();
    }
    this.#isHeldUp = this.#bytes >= waitingBytesMax;
    return !this.#isHeldUp;
  }

  /** Why the client, or its connection, gave up; undefined when it did not. */
  get failure(): PgError | undefined {
    return this.#end instanceof PgError ? this.#end : undefined;
  }

  done(): void {
    if (this.#end === "open") this.#end = "done";
    this.#wake?.();
  }

  fail(error: PgError): void {
    if (this.#end === "open") this.#end = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.length;
        if (this.#isHeldUp && this.#end === "open" && this.#bytes < waitingBytesMax / 2) {
          this.#isHeldUp = false;
          this.#roomy();
        }
        yield chunk;
      } else if (this.#end === "done") {
        return;
      } else if (this.#end !== "open") {
        throw this.#end;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
