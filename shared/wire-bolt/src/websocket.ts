import { createHash } from "node:crypto";
import { BoltViolation } from "./violation.ts";

/** RFC 6455, 1.3 */
const acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The answer to a WebSocket's opening request, or undefined when the request is no such thing. */
export function webSocketReply(request: string): string | undefined {
  const [first = "", ...lines] = request.split("\r\n");
  if (!/^GET \S+ HTTP\/1\.1$/.test(first)) return undefined;
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const key = headers.get("sec-websocket-key");
  if (headers.get("upgrade")?.toLowerCase() !== "websocket" || key === undefined) return undefined;
  const accept = createHash("sha1")
    .update(key + acceptGuid)
    .digest("base64");
  const protocol = headers.get("sec-websocket-protocol")?.split(",")[0]?.trim();
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    "",
    "",
  ].join("\r\n");
}

/** A frame of the server's: final, unmasked. */
export function webSocketFrame(payload: Buffer, opcode: number = opcodes.binary): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, length])
      : length < 0x10000
        ? Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff])
        : Buffer.alloc(10);
  if (head.length === 10) {
    head[0] = 0x80 | opcode;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** What a stream of a client's frames tells. */
export interface WebSocketEvents {
  data(bytes: Buffer): void;
  /** Something to be sent back: a pong, or the answer to a close. */
  reply(bytes: Buffer): void;
  closed(): void;
}

/** Reads a client's frames. @throws BoltViolation */
export class WebSocketReader {
  readonly #events: WebSocketEvents;
  readonly #frameBytesMax: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(frameBytesMax: number, events: WebSocketEvents) {
    this.#frameBytesMax = frameBytesMax;
    this.#events = events;
  }

  add(bytes: Buffer): void {
    let input: Buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const used = this.#frame(input);
      if (used === 0) break;
      input = input.subarray(used);
    }
    this.#rest = Buffer.from(input);
  }

  /** How many bytes the first frame of the input has; 0 while it is not whole. */
  #frame(input: Buffer): number {
    if (input.length < 2) return 0;
    const opcode = input[0]! & 0x0f;
    if ((input[1]! & 0x80) === 0) throw new BoltViolation("a WebSocket frame of a client that is not masked");
    let length = input[1]! & 0x7f;
    let at = 2;
    if (length >= 126) {
      const sizeBytes = length === 126 ? 2 : 8;
      if (input.length < at + sizeBytes) return 0;
      length = sizeBytes === 2 ? input.readUInt16BE(at) : Number(input.readBigUInt64BE(at));
      at += sizeBytes;
    }
    if (length > this.#frameBytesMax) throw new BoltViolation("a WebSocket frame that is too long");
    const end = at + 4 + length;
    if (input.length < end) return 0;
    const payload = Buffer.from(input.subarray(at + 4, end));
    for (let i = 0; i < length; i++) payload[i] = payload[i]! ^ input[at + (i & 3)]!;
    this.#take(opcode, payload);
    return end;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#events.reply(webSocketFrame(payload, opcodes.pong));
    else if (opcode === opcodes.close) {
      this.#events.reply(webSocketFrame(payload, opcodes.close));
      this.#events.closed();
    } else if (opcode !== opcodes.pong) this.#events.data(payload);
  }
}
