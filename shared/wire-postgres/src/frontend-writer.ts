import { Output } from "./output.ts";
import { protocolVersion } from "./startup.ts";

/** Writes what a client sends, message after message, into one buffer that `take` gives away. */
export class FrontendWriter {
  readonly #output = new Output();

  take(): Buffer {
    return this.#output.take();
  }

  /** A packet without a type byte. */
  #packet(code: number, body: () => void): void {
    const from = this.#output.length;
    this.#output.int32(0);
    this.#output.int32(code);
    body();
    this.#output.buffer.writeInt32BE(this.#output.length - from, from);
  }

  startup(parameters: Iterable<readonly [string, string]>, minor = 0): void {
    this.#packet(protocolVersion(3, minor), () => {
      for (const [name, value] of parameters) {
        this.#output.text(name);
        this.#output.text(value);
      }
      this.#output.byte(0);
    });
  }

  sslRequest(): void {
    this.#packet(protocolVersion(1234, 5679), () => {});
  }

  cancelRequest(processId: number, key: Uint8Array): void {
    this.#packet(protocolVersion(1234, 5678), () => {
      this.#output.int32(processId);
      this.#output.raw(key);
    });
  }

  #text(type: string, text: string): void {
    this.#output.begin(type);
    this.#output.text(text);
    this.#output.end();
  }

  query(text: string): void {
    this.#text("Q", text);
  }

  password(text: string): void {
    this.#text("p", text);
  }

  saslInitialResponse(mechanism: string, message: string): void {
    this.#output.begin("p");
    this.#output.text(mechanism);
    this.#output.value(message);
    this.#output.end();
  }

  saslResponse(message: string): void {
    this.#output.begin("p");
    this.#output.raw(Buffer.from(message));
    this.#output.end();
  }

  sync(): void {
    this.#output.begin("S");
    this.#output.end();
  }

  terminate(): void {
    this.#output.begin("X");
    this.#output.end();
  }
}
