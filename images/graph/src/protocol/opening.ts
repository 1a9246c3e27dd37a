import {
  type BoltVersion,
  BoltViolation,
  boltMagic,
  chooseVersion,
  handshakeBytes,
  isOffered,
  manifestReply,
  readManifestChoice,
  type VersionRange,
  versionReply,
  WebSocketReader,
  webSocketFrame,
  webSocketReply,
} from "@weftkit/wire-bolt";

/** Never 5.5: its statuses were wrong, and drivers do not ask for it. */
export const offeredVersions: readonly VersionRange[] = [
  { major: 5, minor: 8, range: 2 },
  { major: 5, minor: 4, range: 4 },
  { major: 4, minor: 4, range: 0 },
];

const requestBytesMax = 16 << 10;
const frameBytesMax = 64 << 20;

/** A connection whose version is agreed on. */
export interface Opened {
  readonly version: BoltVersion;
  /** Bytes of Bolt that came with the handshake. */
  readonly rest: Buffer;
  /** Takes `rest`. */
  begin(bytes: Buffer): void;
  /** Takes bytes off the wire, and tells those of Bolt. */
  unwrap(bytes: Buffer): void;
  /** Bytes of Bolt as they go over the wire. */
  wrap(bytes: Buffer): Buffer;
}

/** What comes before the first message: perhaps a WebSocket, then the handshake, perhaps with a manifest. */
export class Opening {
  readonly #send: (bytes: Buffer) => void;
  #input: Buffer = Buffer.alloc(0);
  #bolt: Buffer = Buffer.alloc(0);
  #socket: WebSocketReader | undefined;
  #isManifestSent = false;
  #data: (bytes: Buffer) => void = () => {};

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** Undefined while something is missing. @throws BoltViolation */
  add(bytes: Buffer, data: (bytes: Buffer) => void, closed: () => void): Opened | "refused" | undefined {
    this.#data = data;
    if (this.#socket !== undefined) this.#socket.add(bytes);
    else {
      this.#input = Buffer.concat([this.#input, bytes]);
      if (this.#input.length < 4) return undefined;
      if (this.#input.subarray(0, 4).toString("latin1") === "GET ") {
        if (!this.#upgrade(closed)) return this.#input.length > requestBytesMax ? "refused" : undefined;
      } else {
        if (this.#input.readUInt32BE(0) !== boltMagic) throw new BoltViolation("not a Bolt handshake");
        this.#bolt = this.#input;
      }
    }
    return this.#handshake();
  }

  #upgrade(closed: () => void): boolean {
    const end = this.#input.indexOf("\r\n\r\n");
    if (end === -1) return false;
    const reply = webSocketReply(this.#input.subarray(0, end).toString("latin1"));
    if (reply === undefined) {
      const body =
        '{"errors":[{"message":"This port speaks Bolt: connect with a driver, or by WebSocket."}]}';
      this.#send(
        Buffer.from(
          `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        ),
      );
      closed();
      return false;
    }
    this.#send(Buffer.from(reply));
    let isOpen = false;
    this.#socket = new WebSocketReader(frameBytesMax, {
      data: (bytes) => {
        if (isOpen || this.#isOpened) {
          isOpen = true;
          this.#data(bytes);
        } else this.#bolt = Buffer.concat([this.#bolt, bytes]);
      },
      reply: (bytes) => this.#send(bytes),
      closed,
    });
    const rest = this.#input.subarray(end + 4);
    if (rest.length > 0) this.#socket.add(rest);
    return true;
  }

  #isOpened = false;

  #reply(bytes: Buffer): void {
    this.#send(this.#socket === undefined ? bytes : webSocketFrame(bytes));
  }

  #handshake(): Opened | "refused" | undefined {
    if (this.#bolt.length < handshakeBytes) return undefined;
    if (this.#isManifestSent) return this.#manifestChoice();
    const proposal = chooseVersion(this.#bolt.subarray(0, handshakeBytes), offeredVersions);
    if (proposal?.kind === "manifest") {
      this.#isManifestSent = true;
      this.#reply(manifestReply(offeredVersions));
      return this.#manifestChoice();
    }
    this.#reply(versionReply(proposal?.version));
    return proposal === undefined
      ? "refused"
      : this.#opened(proposal.version, this.#bolt.subarray(handshakeBytes));
  }

  #manifestChoice(): Opened | "refused" | undefined {
    const choice = readManifestChoice(this.#bolt.subarray(handshakeBytes));
    if (choice === undefined) return undefined;
    if (!isOffered(offeredVersions, choice.version)) return "refused";
    return this.#opened(choice.version, this.#bolt.subarray(handshakeBytes + choice.length));
  }

  #opened(version: BoltVersion, rest: Buffer): Opened {
    const socket = this.#socket;
    this.#isOpened = true;
    const data = (bytes: Buffer) => this.#data(bytes);
    return {
      version,
      rest: Buffer.from(rest),
      begin: data,
      unwrap: (bytes) => (socket === undefined ? data(bytes) : socket.add(bytes)),
      wrap: (bytes) => (socket === undefined ? bytes : webSocketFrame(bytes)),
    };
  }
}
