/** A decoded reply: the type byte of the protocol with its text, or with its elements (of a map: key, value, ...). */
export interface Reply {
  /** `+ - : $ , ( # _ =` with `text`, `* ~ % >` with `items`; a null of RESP2 has `isNull`. */
  readonly type: string;
  readonly text: string;
  readonly items: readonly Reply[];
  readonly isNull: boolean;
}

const CR = 13;
const BULK_TYPES = new Set(["$", "=", "!"]);
const AGGREGATES = new Set(["*", "~", "%", ">"]);

/** Where the line that starts at `at` ends (its CR), or -1 when that has not arrived. */
function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(CR, at);
  return end < 0 || end + 1 >= bytes.length ? -1 : end;
}

/** Where the reply that starts at `at` ends, or -1 when it is not all there. */
function replyEnd(bytes: Buffer, at: number): number {
  const end = lineEnd(bytes, at);
  if (end < 0) return -1;
  const type = String.fromCharCode(bytes[at]!);
  if (BULK_TYPES.has(type)) {
    const length = Number(bytes.toString("latin1", at + 1, end));
    const after = length < 0 ? end + 2 : end + 2 + length + 2;
    return after <= bytes.length ? after : -1;
  }
  let position = end + 2;
  if (AGGREGATES.has(type)) {
    const count = Number(bytes.toString("latin1", at + 1, end)) * (type === "%" ? 2 : 1);
    for (let i = 0; i < count && position >= 0; i++) position = replyEnd(bytes, position);
  }
  return position;
}

/** Cuts a stream of bytes into replies, RESP2 or RESP3, without decoding them. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** Takes bytes and gives back the replies that are whole now. */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const replies: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      const end = replyEnd(bytes, at);
      if (end < 0) break;
      replies.push(bytes.subarray(at, end));
      at = end;
    }
    this.#bytes = bytes.subarray(at);
    return replies;
  }
}

/** Decodes one whole reply; texts are latin1, a character per byte. */
export function decodeReply(bytes: Buffer): Reply {
  return decodeAt(bytes, { at: 0 });
}

function decodeAt(bytes: Buffer, cursor: { at: number }): Reply {
  const type = String.fromCharCode(bytes[cursor.at]!);
  const end = lineEnd(bytes, cursor.at);
  const line = bytes.toString("latin1", cursor.at + 1, end);
  cursor.at = end + 2;
  if (BULK_TYPES.has(type)) {
    const length = Number(line);
    if (length < 0) return { type, text: "", items: [], isNull: true };
    const text = bytes.toString("latin1", cursor.at, cursor.at + length);
    cursor.at += length + 2;
    return { type, text, items: [], isNull: false };
  }
  if (!AGGREGATES.has(type)) return { type, text: line, items: [], isNull: type === "_" };
  const count = Number(line) * (type === "%" ? 2 : 1);
  const items: Reply[] = [];
  for (let i = 0; i < count; i++) items.push(decodeAt(bytes, cursor));
  return { type, text: "", items, isNull: count < 0 };
}

const SHOWN_MAX = 120;

/** Bytes as text for people, shortened. */
export function showText(text: string): string {
  const shown = text.length > SHOWN_MAX ? text.slice(0, SHOWN_MAX) : text;
  const escaped = JSON.stringify(shown).replace(
    /[\u007f-\u00ff]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16)}`,
  );
  return text.length > SHOWN_MAX ? `${escaped}... (${text.length} bytes)` : escaped;
}

/** A reply as text for people, one that keeps every difference of type visible. */
export function showReply(reply: Reply): string {
  if (reply.isNull) return `null${reply.type}`;
  if (AGGREGATES.has(reply.type)) return `${reply.type}[${reply.items.map(showReply).join(" ")}]`;
  return reply.type + (reply.type === "$" ? showText(reply.text) : reply.text);
}
