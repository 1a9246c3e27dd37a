import type { MongoOpening } from "@weftkit/peek";
import { opCodes, writeMsg, writeReply } from "@weftkit/wire-mongo";
import { type RefusalReason, refusalTexts } from "./reason.ts";

/** Of MongoDB's error_codes.yml; drivers try again after those of `HostUnreachable` and `ShutdownInProgress`. */
const codes: Readonly<Record<RefusalReason, readonly [code: number, name: string]>> = {
  no_route: [7, "HostNotFound"],
  no_backend: [6, "HostUnreachable"],
  max_connections: [462, "IngressRequestRateLimitExceeded"],
  rate: [462, "IngressRequestRateLimitExceeded"],
  tls_required: [18, "AuthenticationFailed"],
  shutting_down: [91, "ShutdownInProgress"],
};

/** `{ ok: 0, errmsg, code, codeName }` as the answer to the first message, of its own kind. */
export function mongoRefusal(reason: RefusalReason, asked: MongoOpening): Buffer {
  const [code, name] = codes[reason];
  const document = bsonOf([
    [0x01, "ok", doubleOf(0)],
    [0x02, "errmsg", textOf(refusalTexts[reason])],
    [0x10, "code", int32Of(code)],
    [0x02, "codeName", textOf(name)],
  ]);
  return asked.opCode === opCodes.query
    ? writeReply(1, asked.requestId, document)
    : writeMsg({ requestId: 1, responseTo: asked.requestId, body: document });
}

type Element = readonly [type: number, name: string, value: Buffer];

/** A document of elements whose values are written already (bsonspec.org). */
function bsonOf(elements: readonly Element[]): Buffer {
  const parts = elements.flatMap(([type, name, value]) => [
    Buffer.from([type]),
    Buffer.from(`${name}\0`),
    value,
  ]);
  const body = Buffer.concat(parts);
  return Buffer.concat([int32Of(body.length + 5), body, Buffer.from([0])]);
}

function textOf(value: string): Buffer {
  const text = Buffer.from(`${value}\0`);
  return Buffer.concat([int32Of(text.length), text]);
}

function int32Of(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function doubleOf(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
