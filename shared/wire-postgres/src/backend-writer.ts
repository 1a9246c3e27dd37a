import { Output } from "./output.ts";

/** 0 is text, 1 is binary. */
export type Format = 0 | 1;

/** Idle, in a transaction, or in one that has failed. */
export type TransactionStatus = "I" | "T" | "E";

/** A column of a result (RowDescription). */
export interface FieldDescription {
  readonly name: string;
  /** 0 when the column is no table's. */
  readonly tableOid: number;
  readonly attributeNumber: number;
  readonly typeOid: number;
  /** Negative for types of variable length. */
  readonly typeLength: number;
  readonly typeModifier: number;
}

/** The fields of ErrorResponse and NoticeResponse (PostgreSQL, protocol-error-fields). */
export interface ErrorFields {
  readonly severity: "ERROR" | "FATAL" | "PANIC" | "WARNING" | "NOTICE" | "DEBUG" | "INFO" | "LOG";
  /** The SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** Counted in characters of the query from 1. */
  readonly position?: number | undefined;
  readonly internalPosition?: number | undefined;
  readonly internalQuery?: string | undefined;
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly dataType?: string | undefined;
  readonly constraint?: string | undefined;
  readonly routine?: string | undefined;
}

const errorFieldTypes = {
  detail: "D",
  hint: "H",
  position: "P",
  internalPosition: "p",
  internalQuery: "q",
  where: "W",
  schema: "s",
  table: "t",
  column: "c",
  dataType: "d",
  constraint: "n",
  routine: "R",
} as const;

/** Writes what a server sends, message after message, into one buffer that `take` gives away. */
export class BackendWriter {
  readonly #output = new Output();

  /** Bytes that were written and not taken. */
  get length(): number {
    return this.#output.length;
  }

  take(): Buffer {
    return this.#output.take();
  }

  #empty(type: string): void {
    this.#output.begin(type);
    this.#output.end();
  }

  #authentication(code: number, body?: () => void): void {
    this.#output.begin("R");
    this.#output.int32(code);
    body?.();
    this.#output.end();
  }

  authenticationOk(): void {
    this.#authentication(0);
  }

  authenticationCleartextPassword(): void {
    this.#authentication(3);
  }

  /** @param salt of 4 bytes */
  authenticationMd5Password(salt: Uint8Array): void {
    this.#authentication(5, () => this.#output.raw(salt));
  }

  /** The mechanisms that are offered, the preferred one first. */
  authenticationSasl(mechanisms: readonly string[]): void {
    this.#authentication(10, () => {
      for (const mechanism of mechanisms) this.#output.text(mechanism);
      this.#output.byte(0);
    });
  }

  authenticationSaslContinue(message: string): void {
    this.#authentication(11, () => this.#output.raw(Buffer.from(message)));
  }

  authenticationSaslFinal(message: string): void {
    this.#authentication(12, () => this.#output.raw(Buffer.from(message)));
  }

  negotiateProtocolVersion(minor: number, options: readonly string[]): void {
    this.#output.begin("v");
    // The whole version since PostgreSQL 18; clients look at its lower half.
    this.#output.int32(3 * 65_536 + minor);
    this.#output.int32(options.length);
    for (const option of options) this.#output.text(option);
    this.#output.end();
  }

  /** What a cancel request must bring: 4 bytes in protocol 3.0, up to 256 in 3.2. */
  backendKeyData(processId: number, key: Uint8Array): void {
    this.#output.begin("K");
    this.#output.int32(processId);
    this.#output.raw(key);
    this.#output.end();
  }

  parameterStatus(name: string, value: string): void {
    this.#output.begin("S");
    this.#output.text(name);
    this.#output.text(value);
    this.#output.end();
  }

  readyForQuery(status: TransactionStatus): void {
    this.#output.begin("Z");
    this.#output.byte(status.charCodeAt(0));
    this.#output.end();
  }

  error(fields: ErrorFields): void {
    this.#fields("E", fields);
  }

  notice(fields: ErrorFields): void {
    this.#fields("N", fields);
  }

  #fields(type: string, fields: ErrorFields): void {
    const output = this.#output;
    const field = (letter: string, value: string) => {
      output.byte(letter.charCodeAt(0));
      output.text(value);
    };
    output.begin(type);
    field("S", fields.severity);
    // Not localised, for programs.
    field("V", fields.severity);
    field("C", fields.code);
    field("M", fields.message);
    for (const [name, letter] of Object.entries(errorFieldTypes)) {
      const value = fields[name as keyof typeof errorFieldTypes];
      if (value !== undefined) field(letter, String(value));
    }
    output.byte(0);
    output.end();
  }

  notification(processId: number, channel: string, payload: string): void {
    this.#output.begin("A");
    this.#output.int32(processId);
    this.#output.text(channel);
    this.#output.text(payload);
    this.#output.end();
  }

  parameterDescription(oids: readonly number[]): void {
    this.#output.begin("t");
    this.#output.int16(oids.length);
    for (const oid of oids) this.#output.int32(oid);
    this.#output.end();
  }

  /** `formats` has one for each field. */
  rowDescription(fields: readonly FieldDescription[], formats: readonly Format[]): void {
    const output = this.#output;
    output.begin("T");
    output.int16(fields.length);
    fields.forEach((field, index) => {
      output.text(field.name);
      output.int32(field.tableOid);
      output.int16(field.attributeNumber);
      output.int32(field.typeOid);
      output.int16(field.typeLength);
      output.int32(field.typeModifier);
      output.int16(formats[index] ?? 0);
    });
    output.end();
  }

  noData(): void {
    this.#empty("n");
  }

  /**
   * One row; `encode` gives each value's bytes or text, or null. When it throws, nothing of the row was written.
   */
  dataRow(columns: number, encode: (index: number) => Uint8Array | string | null): void {
    const output = this.#output;
    output.begin("D");
    try {
      output.int16(columns);
      for (let i = 0; i < columns; i++) output.value(encode(i));
    } catch (error) {
      output.abandon();
      throw error;
    }
    output.end();
  }

  commandComplete(tag: string): void {
    this.#output.begin("C");
    this.#output.text(tag);
    this.#output.end();
  }

  emptyQueryResponse(): void {
    this.#empty("I");
  }

  portalSuspended(): void {
    this.#empty("s");
  }

  parseComplete(): void {
    this.#empty("1");
  }

  bindComplete(): void {
    this.#empty("2");
  }

  closeComplete(): void {
    this.#empty("3");
  }

  copyInResponse(format: Format, columnFormats: readonly Format[]): void {
    this.#copyResponse("G", format, columnFormats);
  }

  copyOutResponse(format: Format, columnFormats: readonly Format[]): void {
    this.#copyResponse("H", format, columnFormats);
  }

  /** Both sides send CopyData from here on: of the replication protocol. */
  copyBothResponse(format: Format, columnFormats: readonly Format[]): void {
    this.#copyResponse("W", format, columnFormats);
  }

  #copyResponse(type: string, format: Format, columnFormats: readonly Format[]): void {
    this.#output.begin(type);
    this.#output.byte(format);
    this.#output.int16(columnFormats.length);
    for (const each of columnFormats) this.#output.int16(each);
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

  /** The answer to an SSL or GSS request: one letter, no message. */
  letter(letter: "S" | "N"): void {
    this.#output.byte(letter.charCodeAt(0));
  }
}
