/** What a TLS client says of itself before anything is encrypted. */
export interface ClientHello {
  /** SNI, in lower case; undefined when it names none. */
  readonly serverName: string | undefined;
  /** The protocols that it offers, in its order. */
  readonly alpn: readonly string[];
}

const handshakeRecord = 22;
const clientHelloMessage = 1;
const serverNameExtension = 0;
const alpnExtension = 16;

/** Reads forward through one message; every read past its end is `undefined` for the whole. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(size: 1 | 2 | 3): number {
    const value = this.#bytes.readUIntBE(this.#take(size), size);
    return value;
  }

  /** What stands behind its own length. */
  sized(size: 1 | 2 | 3): Fields {
    return new Fields(this.raw(this.number(size)));
  }

  raw(length: number): Buffer {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  #take(length: number): number {
    if (length > this.left) throw new RangeError("cut off");
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

/**
 * Reads a ClientHello (RFC 8446, 4.1.2) that begins with the first of `bytes`, in one record or several.
 *
 * @returns undefined while it is not whole, "malformed" when it is none
 */
export function readClientHello(bytes: Buffer): ClientHello | "malformed" | undefined {
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; ; ) {
    if (bytes.length < at + 5) return isRecordStart(bytes, at) ? undefined : "malformed";
    if (!isRecordStart(bytes, at)) return "malformed";
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) return "malformed";
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    have += part.length;
    at += 5 + length;
    if (have >= 4) {
      const message = Buffer.concat(parts);
      if (message[0] !== clientHelloMessage) return "malformed";
      const wanted = 4 + message.readUIntBE(1, 3);
      if (have >= wanted) return readMessage(message.subarray(4, wanted));
    }
    if (part.length < length) return undefined;
  }
}

function isRecordStart(bytes: Buffer, at: number): boolean {
  if (bytes.length > at && bytes[at] !== handshakeRecord) return false;
  return !(bytes.length > at + 1 && bytes[at + 1] !== 3);
}

function readMessage(message: Buffer): ClientHello | "malformed" {
  try {
    const fields = new Fields(message);
    fields.raw(2 + 32);
    fields.sized(1);
    fields.sized(2);
    fields.sized(1);
    let serverName: string | undefined;
    let alpn: string[] = [];
    const extensions = fields.left === 0 ? new Fields(Buffer.alloc(0)) : fields.sized(2);
    while (extensions.left > 0) {
      const type = extensions.number(2);
      const extension = extensions.sized(2);
      if (type === serverNameExtension) serverName = readServerName(extension);
      else if (type === alpnExtension) alpn = readAlpn(extension);
    }
    return { serverName, alpn };
  } catch (error) {
    if (error instanceof RangeError) return "malformed";
    throw error;
  }
}

/** RFC 6066, 3 */
function readServerName(extension: Fields): string | undefined {
  const names = extension.sized(2);
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.sized(2);
    if (type === 0) return name.raw(name.left).toString("latin1").toLowerCase().replace(/\.$/, "");
  }
  return undefined;
}

/** RFC 7301, 3.1 */
function readAlpn(extension: Fields): string[] {
  const list = extension.sized(2);
  const protocols: string[] = [];
  while (list.left > 0) {
    const protocol = list.sized(1);
    protocols.push(protocol.raw(protocol.left).toString("latin1"));
  }
  return protocols;
}
