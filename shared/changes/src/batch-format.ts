import type { Change, ChangeDetail } from "./types.ts";

/**
 * The changes of one commit as bytes: a byte with the version of the format, then for each change its op (one byte) and
 * namespace, format, key, before and after, each with its length before it (a varint, one more than the length; 0: absent).
 *
 * Version 2 is for commits with details. Behind its byte are the shared parts of them: how many, and each with its length. Behind
 * each change is the number of its shared part from 1 (0: it has no detail), and then its own part.
 */
const plainVersion = 1;
const detailedVersion = 2;
const ops = ["insert", "update", "delete", "truncate", "schema"] as const satisfies readonly Change["op"][];
const opNumbers = new Map(ops.map((op, index) => [op as string, index]));

/** A varint as it is, or bytes (undefined: absent) with their length before them. */
type Item = number | Uint8Array | undefined;

export function encodeChanges(changes: readonly Change[]): Buffer {
  const shared = new Map<Uint8Array, number>();
  for (const { detail } of changes)
    if (detail !== undefined && !shared.has(detail.shared)) shared.set(detail.shared, shared.size + 1);
  const isDetailed = shared.size > 0;
  const items: Item[] = isDetailed ? [shared.size, ...shared.keys()] : [];
  for (const { op, namespace, format, key, before, after, detail } of changes) {
    items.push(opNumbers.get(op)!, Buffer.from(namespace), Buffer.from(format), key, before, after);
    if (!isDetailed) continue;
    items.push(detail === undefined ? 0 : shared.get(detail.shared)!);
    if (detail !== undefined) items.push(detail.own);
  }
  return encodeItems(isDetailed ? detailedVersion : plainVersion, items);
}

function encodeItems(version: number, items: readonly Item[]): Buffer {
  const bytes = items.reduce<number>(
    (sum, item) => sum + varintBytes(prefixOf(item)) + (typeof item === "object" ? item.byteLength : 0),
    1,
  );
  const encoded = Buffer.allocUnsafe(bytes);
  let at = encoded.writeUInt8(version, 0);
  for (const item of items) {
    let prefix = prefixOf(item);
    for (; prefix > 127; prefix = Math.floor(prefix / 128)) at = encoded.writeUInt8((prefix % 128) | 128, at);
    at = encoded.writeUInt8(prefix, at);
    if (typeof item !== "object") continue;
    encoded.set(item, at);
    at += item.byteLength;
  }
  return encoded;
}

function prefixOf(item: Item): number {
  if (typeof item === "number") return item;
  return item === undefined ? 0 : item.byteLength + 1;
}

/** @throws RangeError when the bytes are not whole or of a later version */
export function decodeChanges(bytes: Buffer): Change[] {
  const version = bytes[0];
  if (version !== plainVersion && version !== detailedVersion)
    throw new RangeError(`a batch of changes has the format ${version}, not ${detailedVersion}`);
  const changes: Change[] = [];
  let at = 1;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const part = (): Buffer | undefined => {
    const length = varint();
    if (length === 0) return undefined;
    const end = at + length - 1;
    if (end > bytes.byteLength) throw new RangeError("a batch of changes is cut off");
    const value = bytes.subarray(at, end);
    at = end;
    return value;
  };
  const shared: Buffer[] = [];
  if (version === detailedVersion)
    for (let count = varint(); count > 0; count--) shared.push(part() ?? Buffer.alloc(0));
  const detailOf = (): ChangeDetail | undefined => {
    const number = varint();
    if (number === 0) return undefined;
    const common = shared[number - 1];
    if (common === undefined) throw new RangeError("a batch of changes names a part that it does not have");
    return { shared: common, own: part() ?? Buffer.alloc(0) };
  };
  while (at < bytes.byteLength) {
    const op = ops[bytes.readUInt8(at++)];
    if (op === undefined) throw new RangeError("a batch of changes has an unknown op");
    const [namespace, format, key, before, after] = [part(), part(), part(), part(), part()];
    const detail = version === detailedVersion ? detailOf() : undefined;
    changes.push({
      namespace: String(namespace),
      format: String(format),
      key: key ?? Buffer.alloc(0),
      op,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(detail === undefined ? {} : { detail }),
    });
  }
  return changes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
