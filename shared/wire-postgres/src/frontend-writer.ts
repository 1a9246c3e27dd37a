import type { Target } from "./frontend-messages.ts";
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

  parse(name: string, query: string, parameterOids: readonly number[] = []): void {
    const output = this.#output;
    output.begin("P");
    output.text(name);
    output.text(query);
    output.int16(parameterOids.length);
    for (const oid of parameterOids) output.int32(oid);
    output.end();
  }

  /** Formats are none (text for all), one for all, or one for each. */
  bind(
    portal: string,
    statement: string,
    parameters: readonly (Uint8Array | string | null)[] = [],
    parameterFormats: readonly number[] = [],
    resultFormats: readonly number[] = [],
  ): void {
    const output = this.#output;
    output.begin("B");
    output.text(portal);
    output.text(statement);
    output.int16(parameterFormats.length);
    for (const format of parameterFormats) output.int16(format);
    output.int16(parameters.length);
    for (const parameter of parameters) output.value(parameter);
    output.int16(resultFormats.length);
    for (const format of resultFormats) output.int16(format);
    output.end();
  }

  describe(target: Target, name: string): void {
    this.#named("D", target, name);
  }

  close(target: Target, name: string): void {
    this.#named("C", target, name);
  }

  #named(type: string, target: Target, name: string): void {
    this.#output.begin(type);
    this.#output.byte((target === "statement" ? "S" : "P").charCodeAt(0));
    this.#output.text(name);
    this.#output.end();
  }

  /** `rowsMax` 0 is all. */
  execute(portal: string, rowsMax = 0): void {
    this.#output.begin("E");
    this.#output.text(portal);
    this.#output.int32(rowsMax);
    this.#output.end();
  }

  copyData(bytes: Uint8Array): void {
    this.#output.begin("d");
    this.#output.raw(bytes);
    this.#output.end();
  }

  copyDone(): void {
    this.#empty("c");
  }

  copyFail(reason: string): void {
    this.#text("f", reason);
  }

  flush(): void {
    this.#empty("H");
  }

  sync(): void {
    this.#empty("S");
  }

  terminate(): void {
    this.#empty("X");
  }

  #empty(type: string): void {
    this.#output.begin(type);
    this.#output.end();
  }
}
