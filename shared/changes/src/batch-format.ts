import type { Change } from "./types.ts";

/**
 * The changes of one commit as bytes: a byte with the version of the format, then for each change its op (one byte) and
 * namespace, format, key, before and after, each with its length before it (a varint, one more than the length; 0: absent).
 */
const version = 1;
const ops = ["insert", "update", "delete", "truncate", "schema"] as const satisfies readonly Change["op"][];
const opNumbers = new Map(ops.map((op, index) => [op as string, index]));

export function encodeChanges(changes: readonly Change[]): Buffer {
  const parts: (Uint8Array | undefined)[] = [];
  let bytes = 1;
  for (const { namespace, format, key, before, after } of changes) {
    bytes += 1;
    for (const part of [Buffer.from(namespace), Buffer.from(format), key, before, after]) {
      parts.push(part);
      bytes += varintBytes(part === undefined ? 0 : part.byteLength + 1) + (part?.byteLength ?? 0);
    }
  }
  const encoded = Buffer.allocUnsafe(bytes);
  let at = encoded.writeUInt8(version, 0);
  for (const [index, part] of parts.entries()) {
    if (index % 5 === 0) at = encoded.writeUInt8(opNumbers.get(changes[index / 5]!.op)!, at);
    let length = part === undefined ? 0 : part.byteLength + 1;
    for (; length > 127; length = Math.floor(length / 128)) at = encoded.writeUInt8((length % 128) | 128, at);
    at = encoded.writeUInt8(length, at);
    if (part === undefined) continue;
    encoded.set(part, at);
    at += part.byteLength;
  }
  return encoded;
}

/** @throws RangeError when the bytes are not whole or of a later version */
export function decodeChanges(bytes: Buffer): Change[] {
  if (bytes[0] !== version)
    throw new RangeError(`a batch of changes has the format ${bytes[0]}, not ${version}`);
  const changes: Change[] = [];
  let at = 1;
  const part = (): Buffer | undefined => {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      length += (byte & 127) * scale;
      if (byte < 128) break;
    }
    if (length === 0) return undefined;
    const end = at + length - 1;
    if (end > bytes.byteLength) throw new RangeError("a batch of changes is cut off");
    const value = bytes.subarray(at, end);
    at = end;
    return value;
  };
  while (at < bytes.byteLength) {
    const op = ops[bytes.readUInt8(at++)];
    if (op === undefined) throw new RangeError("a batch of changes has an unknown op");
    const [namespace, format, key, before, after] = [part(), part(), part(), part(), part()];
    changes.push({
      namespace: String(namespace),
      format: String(format),
      key: key ?? Buffer.alloc(0),
      op,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }
  return changes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
