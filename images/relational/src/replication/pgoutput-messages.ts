import type { Cell, ShapeColumn, TableShape } from "./shape.ts";

/**
 * The messages of pgoutput (PostgreSQL's documentation, 54.9, Logical Replication Message Formats), of which streams of
 * transactions that are not committed yet are no part.
 */

/** A value as it is sent: as text, or in its type's binary form. */
export type SentValue = Cell | Buffer;

/** Writes one message; integers are big-endian, texts end with a NUL. */
class Message {
  readonly #parts: Buffer[] = [];

  constructor(type: string) {
    this.char(type);
  }

  char(letter: string): this {
    return this.int8(letter.charCodeAt(0));
  }

  int8(value: number): this {
    this.#parts.push(Buffer.from([value]));
    return this;
  }

  int16(value: number): this {
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeInt16BE(value);
    this.#parts.push(bytes);
    return this;
  }

  int32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value | 0);
    this.#parts.push(bytes);
    return this;
  }

  int64(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(BigInt.asIntN(64, value));
    this.#parts.push(bytes);
    return this;
  }

  text(value: string): this {
    this.#parts.push(Buffer.from(`${value}\0`));
    return this;
  }

  bytes(value: Buffer): this {
    this.int32(value.length);
    this.#parts.push(value);
    return this;
  }

  row(values: readonly SentValue[]): this {
    this.int16(values.length);
    for (const value of values) {
      if (value === null) this.char("n");
      else if (typeof value === "string") this.char("t").bytes(Buffer.from(value));
      else this.char("b").bytes(value);
    }
    return this;
  }

  end(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function beginMessage(commitLsn: bigint, committedUs: bigint, xid: number): Buffer {
  return new Message("B").int64(commitLsn).int64(committedUs).int32(xid).end();
}

export function commitMessage(commitLsn: bigint, endLsn: bigint, committedUs: bigint): Buffer {
  return new Message("C").int8(0).int64(commitLsn).int64(endLsn).int64(committedUs).end();
}

/** A table, before the first of its changes and when it has changed; only these of its columns are sent. */
export function relationMessage(shape: TableShape, columns: readonly ShapeColumn[]): Buffer {
  const message = new Message("R")
    .int32(shape.oid)
    .text(shape.schema)
    .text(shape.name)
    .char(shape.identity)
    .int16(columns.length);
  for (const { isKey, name, type, typmod } of columns)
    message
      .int8(isKey ? 1 : 0)
      .text(name)
      .int32(type)
      .int32(typmod);
  return message.end();
}

/** A type that a user has made, before the table that has a column of it. */
export function typeMessage(oid: number, schema: string, name: string): Buffer {
  return new Message("Y").int32(oid).text(schema).text(name).end();
}

export function insertMessage(relation: number, row: readonly SentValue[]): Buffer {
  return new Message("I").int32(relation).char("N").row(row).end();
}

/** What is sent of an old row: all of it (O), or its key (K), the rest null. */
export interface OldRow {
  readonly kind: "O" | "K";
  readonly row: readonly SentValue[];
}

export function updateMessage(relation: number, old: OldRow | undefined, row: readonly SentValue[]): Buffer {
  const message = new Message("U").int32(relation);
  if (old !== undefined) message.char(old.kind).row(old.row);
  return message.char("N").row(row).end();
}

export function deleteMessage(relation: number, old: OldRow): Buffer {
  return new Message("D").int32(relation).char(old.kind).row(old.row).end();
}

export function truncateMessage(relations: readonly number[], cascade: boolean, restart: boolean): Buffer {
  const message = new Message("T").int32(relations.length).int8((cascade ? 1 : 0) | (restart ? 2 : 0));
  for (const relation of relations) message.int32(relation);
  return message.end();
}
