// Messages of DNS (RFC 1035, with EDNS(0), RFC 6891): what an authoritative server of a few types reads and writes.

export const types = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, SRV: 33, OPT: 41, AXFR: 252, ANY: 255 } as const;
export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type Rcode = keyof typeof rcodes;

/** Of class IN. Names are labels, without the root's empty one. */
export type Data =
  | { readonly type: "A" | "AAAA"; readonly address: Uint8Array }
  | { readonly type: "CNAME"; readonly target: Name }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: Name;
    }
  | { readonly type: "SOA"; readonly server: Name; readonly mailbox: Name; readonly minimumSeconds: number };

export type Name = readonly string[];

export interface ResourceRecord {
  readonly name: Name;
  readonly ttlSeconds: number;
  readonly data: Data;
}

export interface Query {
  readonly id: number;
  readonly isRecursionDesired: boolean;
  /** As it came, as resolvers compare it with what they sent, letter for letter. */
  readonly questionBytes: Buffer;
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** Undefined when the client does not speak EDNS. */
  readonly edns:
    | { readonly payloadBytes: number; readonly version: number; readonly isDnssecOk: boolean }
    | undefined;
}

export interface Response {
  readonly rcode: Rcode;
  readonly isAuthoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

/** What cannot be answered as a question: nothing is sent, or an error without a question. */
export type Unreadable =
  | { readonly reason: "not_a_query" }
  | { readonly reason: "FORMERR" | "NOTIMP"; readonly id: number; readonly opcode: number };

const headerBytes = 12;
const labelBytesMax = 63;
const nameBytesMax = 255;
const classIn = 1;
/** The largest datagram that is sent, whatever a client allows: it is fragmented nowhere (DNS flag day 2020). */
const payloadBytesMax = 1232;
const payloadBytesMin = 512;
const dnssecOkBit = 0x8000;

/** Reads a query; the rest of the message behind its question is looked through for EDNS. */
export function readQuery(bytes: Buffer): Query | Unreadable {
  if (bytes.length < headerBytes || (bytes[2]! & 0x80) !== 0) return { reason: "not_a_query" };
  const id = bytes.readUInt16BE(0);
  const opcode = (bytes[2]! >> 3) & 0xf;
  if (opcode !== 0) return { reason: "NOTIMP", id, opcode };
  const formErr = { reason: "FORMERR", id, opcode } as const;
  const [questions, answers, authority, additional] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at));
  if (questions !== 1 || answers !== 0 || authority !== 0) return formErr;
  const name = readName(bytes, headerBytes);
  if (name === undefined || name.end + 4 > bytes.length) return formErr;
  const end = name.end + 4;
  const edns = readEdns(bytes, end, additional!);
  if (edns === "malformed") return formErr;
  return {
    id,
    isRecursionDesired: (bytes[2]! & 1) !== 0,
    questionBytes: bytes.subarray(headerBytes, end),
    name: name.labels,
    type: bytes.readUInt16BE(name.end),
    class: bytes.readUInt16BE(name.end + 2),
    edns,
  };
}

/** A name without pointers: in a question there is nothing to point to. Letters are made small; bytes beyond ASCII match nothing. */
function readName(bytes: Buffer, start: number): { labels: string[]; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = bytes[at++];
    if (length === undefined || length > labelBytesMax) return undefined;
    if (length === 0) break;
    if (at + length > bytes.length || at + length - start > nameBytesMax) return undefined;
    labels.push(bytes.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  return { labels, end: at };
}

/** The OPT record among the additional ones; others (TSIG) are passed over. */
function readEdns(bytes: Buffer, start: number, count: number): Query["edns"] | "malformed" {
  let at = start;
  let edns: Query["edns"];
  for (let left = count; left > 0; left--) {
    const owner = readName(bytes, at);
    if (owner === undefined || owner.end + 10 > bytes.length) return "malformed";
    const type = bytes.readUInt16BE(owner.end);
    const end = owner.end + 10 + bytes.readUInt16BE(owner.end + 8);
    if (end > bytes.length) return "malformed";
    if (type === types.OPT) {
      if (edns !== undefined || owner.labels.length > 0) return "malformed";
      edns = {
        payloadBytes: bytes.readUInt16BE(owner.end + 2),
        version: bytes[owner.end + 5]!,
        isDnssecOk: (bytes.readUInt16BE(owner.end + 6) & dnssecOkBit) !== 0,
      };
    }
    at = end;
  }
  return edns;
}

/** How long an answer over UDP may be. */
export function payloadBytesOf({ edns }: Query): number {
  return Math.min(payloadBytesMax, Math.max(payloadBytesMin, edns?.payloadBytes ?? payloadBytesMin));
}

/** An answer without a question, to what could not be read. */
export function writeError({ reason, id, opcode }: Exclude<Unreadable, { reason: "not_a_query" }>): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt16BE(id, 0);
  bytes[2] = 0x80 | (opcode << 3);
  bytes[3] = rcodes[reason];
  return bytes;
}

/** Writes an answer of `bytesMax` at most: whole records, and the sign that it is truncated when answers are left out. */
export function writeResponse(query: Query, response: Response, bytesMax: number): Buffer {
  const writer = new Writer(query, bytesMax - (query.edns === undefined ? 0 : optBytes));
  let isTruncated = false;
  const counts = [response.answers, response.authority, response.additional].map((records, section) => {
    let written = 0;
    for (const record of records) {
      if (!writer.record(record)) {
        // What is additional may be left out without a word.
        if (section < 2) isTruncated = true;
        break;
      }
      written++;
    }
    return written;
  });
  const rcode = rcodes[response.rcode];
  if (query.edns !== undefined) writer.opt(rcode >> 4, query.edns.isDnssecOk);
  const [answers, authority, additional] = counts as [number, number, number];
  const bytes = writer.done();
  bytes.writeUInt16BE(query.id, 0);
  bytes[2] =
    0x80 | (response.isAuthoritative ? 4 : 0) | (isTruncated ? 2 : 0) | (query.isRecursionDesired ? 1 : 0);
  bytes[3] = rcode & 0xf;
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answers, 6);
  bytes.writeUInt16BE(authority, 8);
  bytes.writeUInt16BE(additional + (query.edns === undefined ? 0 : 1), 10);
  return bytes;
}

const optBytes = 11;

/** Writes records behind a question, with names compressed where pointers are allowed. */
class Writer {
  #buffer: Buffer;
  #length: number;
  readonly #bytesMax: number;
  /** Where names, and ends of names, were written. */
  readonly #names = new Map<string, number>();
  /** Of them, those of the last record. */
  #added: string[] = [];

  constructor({ questionBytes, name }: Query, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#buffer = Buffer.alloc(Math.min(bytesMax + optBytes, 2048));
    this.#length = headerBytes;
    this.#append(questionBytes);
    this.#remember(name, headerBytes);
  }

  /** @returns false, and nothing is written, when there is no room */
  record({ name, ttlSeconds, data }: ResourceRecord): boolean {
    const start = this.#length;
    this.#added = [];
    this.#name(name);
    this.#numbers([types[data.type], 2], [classIn, 2], [ttlSeconds, 4], [0, 2]);
    const dataStart = this.#length;
    this.#data(data);
    if (this.#length <= this.#bytesMax) {
      this.#buffer.writeUInt16BE(this.#length - dataStart, dataStart - 2);
      return true;
    }
    this.#length = start;
    for (const key of this.#added) this.#names.delete(key);
    return false;
  }

  opt(extendedRcode: number, isDnssecOk: boolean): void {
    this.#numbers([0, 1], [types.OPT, 2], [payloadBytesMax, 2], [extendedRcode, 1], [0, 1]);
    this.#numbers([isDnssecOk ? dnssecOkBit : 0, 2], [0, 2]);
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #data(data: Data): void {
    switch (data.type) {
      case "A":
      case "AAAA":
        this.#append(data.address);
        break;
      case "CNAME":
        this.#name(data.target);
        break;
      case "SRV":
        this.#numbers([data.priority, 2], [data.weight, 2], [data.port, 2]);
        // RFC 2782: its target is not compressed.
        for (const label of data.target) this.#label(label);
        this.#numbers([0, 1]);
        break;
      case "SOA": {
        this.#name(data.server);
        this.#name(data.mailbox);
        const { minimumSeconds } = data;
        this.#numbers([1, 4], [60, 4], [60, 4], [3600, 4], [minimumSeconds, 4]);
        break;
      }
    }
  }

  #name(name: Name): void {
    for (let index = 0; index < name.length; index++) {
      const known = this.#names.get(name.slice(index).join("."));
      if (known !== undefined) {
        this.#numbers([0xc000 | known, 2]);
        return;
      }
      this.#remember(name.slice(index, index + 1), this.#length, name.slice(index));
      this.#label(name[index]!);
    }
    this.#numbers([0, 1]);
  }

  /** Remembers where a name begins, and each of its ends. */
  #remember(labels: Name, start: number, whole: Name = labels): void {
    let at = start;
    for (let index = 0; index < labels.length; index++) {
      const key = whole.slice(index).join(".");
      if (at < 0x4000 && !this.#names.has(key)) {
        this.#names.set(key, at);
        this.#added.push(key);
      }
      at += 1 + Buffer.byteLength(labels[index]!, "latin1");
    }
  }

  #label(label: string): void {
    this.#numbers([label.length, 1]);
    this.#append(Buffer.from(label, "latin1"));
  }

  #numbers(...numbers: readonly (readonly [value: number, bytes: number])[]): void {
    for (const [value, bytes] of numbers) {
      this.#grow(bytes);
      this.#length = this.#buffer.writeUIntBE(value, this.#length, bytes);
    }
  }

  #append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #grow(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
