import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { MemberState, Update } from "./member.ts";
import type { Message, Note } from "./message.ts";

/** The longest datagram: it fits a frame of any network in use, with the headers of IPv6 and of an overlay. */
export const datagramBytesMax = 1400;
/** The longest exchange: as many instances as there may be, each with all that it may say, fit into it. */
export const exchangeBytesMax = 64 * 1024 ** 2;
export const nameBytesMax = 128;
export const hostBytesMax = 255;
export const noteBytesMax = 900;
export const accusersMax = 8;
/** What `seal` adds. */
export const macBytes = 16;

const magic = 0x57;
const version = 1;
const kinds = ["ping", "ping_request", "ack", "nack", "gossip", "exchange"] as const;
const states: readonly MemberState[] = ["alive", "suspect", "failed", "left"];
const noteTag = 0x10;

/** Bytes that are no message of ours, or not from somebody who has the key. */
export class CodecError extends Error {
  readonly reason: "malformed" | "not_authentic";

  constructor(reason: "malformed" | "not_authentic", message: string) {
    super(message);
    this.name = "CodecError";
    this.reason = reason;
  }
}

/**
 * Messages as bytes, with a code of authentication behind them (HMAC-SHA-256, 16 bytes of it).
 *
 * The key is made of the secret and the cluster's name, so that two clusters with one secret do not mix. A message that is sent again
 * by somebody who has read it does no harm: statements have incarnations, and answers belong to probes that wait.
 */
export class Codec {
  readonly #key: Buffer;

  /** Without a secret nothing is authenticated, but clusters are still told apart by their names. */
  constructor(secret: string | undefined, cluster: string) {
    this.#key = Buffer.from(hkdfSync("sha256", secret ?? "", cluster, "weftkit discovery gossip", 32));
  }

  encode(message: Message): Buffer {
    const updates = message.updates.map(encodeUpdate);
    const notes = message.notes.map(encodeNote);
    return this.seal(encodeHead(message, updates.length + notes.length), [...updates, ...notes]);
  }

  /** As `encode`, of pieces that are encoded already. */
  seal(head: Uint8Array, pieces: readonly Uint8Array[]): Buffer {
    const text = Buffer.concat([head, ...pieces]);
    return Buffer.concat([text, this.#mac(text)]);
  }

  /** @throws CodecError */
  decode(bytes: Uint8Array): Message {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length < macBytes + 4 || buffer[0] !== magic) throw malformed("it does not begin as one");
    const text = buffer.subarray(0, buffer.length - macBytes);
    if (!timingSafeEqual(this.#mac(text), buffer.subarray(text.length))) {
      throw new CodecError("not_authentic", "a message is not from this cluster, or made with another key");
    }
    if (text[1] !== version) throw malformed(`version ${text[1]}, and this one speaks ${version}`);
    return decodeMessage(new Reader(text, 2));
  }

  #mac(text: Uint8Array): Buffer {
    return createHmac("sha256", this.#key).update(text).digest().subarray(0, macBytes);
  }
}

/** Everything before updates and notes. */
export function encodeHead(message: Omit<Message, "updates" | "notes">, pieces: number): Buffer {
  const { from } = message;
  const writer = new Writer();
  writer.u8(magic).u8(version).u8(kinds.indexOf(message.kind));
  writer.text(from.name).u48(from.incarnation);
  const body = message as Message;
  switch (body.kind) {
    case "ping":
      writer.u32(body.sequence).text(body.target);
      break;
    case "ping_request":
      writer.u32(body.sequence).text(body.target).text(body.address.host).u16(body.address.port);
      break;
    case "ack":
    case "nack":
      writer.u32(body.sequence);
      break;
    case "exchange":
      writer.u8(body.isReply ? 1 : 0);
      break;
    case "gossip":
      break;
  }
  return writer.u16(pieces).done();
}

export function encodeUpdate({ state, name, incarnation, address, accusers }: Update): Buffer {
  const writer = new Writer().u8(states.indexOf(state)).text(name).u48(incarnation);
  writer.text(address.host).u16(address.port);
  if (state === "suspect") {
    const sent = accusers.slice(0, accusersMax);
    writer.u8(sent.length);
    for (const accuser of sent) writer.u32(accuser);
  }
  return writer.done();
}

export function encodeNote({ key, body }: Note): Buffer {
  return new Writer().u8(noteTag).text(key).u16(body.length).bytes(body).done();
}

function decodeMessage(reader: Reader): Message {
  const kind = kinds[reader.u8()];
  if (kind === undefined) throw malformed("its kind is unknown");
  const from = { name: reader.text(nameBytesMax), incarnation: reader.u48() };
  const body = decodeBody(kind, reader);
  const updates: Update[] = [];
  const notes: Note[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const tag = reader.u8();
    if (tag === noteTag) {
      notes.push({ key: reader.text(255), body: reader.bytes(reader.u16()) });
      continue;
    }
    const state = states[tag];
    if (state === undefined) throw malformed("a piece of unknown kind is in it");
    updates.push(decodeUpdate(state, reader));
  }
  reader.end();
  return { ...body, from, updates, notes } as Message;
}

function decodeBody(kind: Message["kind"], reader: Reader) {
  switch (kind) {
    case "ping":
      return { kind, sequence: reader.u32(), target: reader.text(nameBytesMax) };
    case "ping_request":
      return {
        kind,
        sequence: reader.u32(),
        target: reader.text(nameBytesMax),
        address: { host: reader.text(hostBytesMax), port: reader.u16() },
      };
    case "ack":
    case "nack":
      return { kind, sequence: reader.u32() };
    case "exchange":
      return { kind, isReply: reader.u8() === 1 };
    case "gossip":
      return { kind };
  }
}

function decodeUpdate(state: MemberState, reader: Reader): Update {
  const name = reader.text(nameBytesMax);
  if (name === "") throw malformed("a member has no name");
  const incarnation = reader.u48();
  const address = { host: reader.text(hostBytesMax), port: reader.u16() };
  const accusers: number[] = [];
  if (state === "suspect") {
    const count = reader.u8();
    if (count > accusersMax) throw malformed("too many accusers");
    for (let i = 0; i < count; i++) accusers.push(reader.u32());
  }
  return { state, name, incarnation, address, accusers };
}

class Writer {
  #buffer = Buffer.allocUnsafe(64);
  #length = 0;

  u8(value: number): this {
    this.#grow(1);
    this.#length = this.#buffer.writeUInt8(value, this.#length);
    return this;
  }

  u16(value: number): this {
    this.#grow(2);
    this.#length = this.#buffer.writeUInt16BE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#grow(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
    return this;
  }

  u48(value: number): this {
    this.#grow(6);
    this.#length = this.#buffer.writeUIntBE(value, this.#length, 6);
    return this;
  }

  /** At most 255 bytes of UTF-8, behind their number. */
  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.u8(length);
    this.#grow(length);
    this.#length += this.#buffer.write(value, this.#length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#grow(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

class Reader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  u48(): number {
    return this.#buffer.readUIntBE(this.#take(6), 6);
  }

  text(bytesMax: number): string {
    const length = this.u8();
    if (length > bytesMax) throw malformed("a text is too long");
    const at = this.#take(length);
    return this.#buffer.toString("utf8", at, at + length);
  }

  bytes(length: number): Buffer {
    const at = this.#take(length);
    return Buffer.from(this.#buffer.subarray(at, at + length));
  }

  end(): void {
    if (this.#at !== this.#buffer.length) throw malformed("something is behind its end");
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#buffer.length) throw malformed("it is cut off");
    this.#at += bytes;
    return at;
  }
}

function malformed(what: string): CodecError {
  return new CodecError("malformed", `bytes are no message: ${what}`);
}
