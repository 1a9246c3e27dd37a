import { boltMagic } from "@weftkit/wire-bolt";
import { opCodes } from "@weftkit/wire-mongo";
import { readStartup, type StartupPacket } from "@weftkit/wire-postgres";
import { type ClientHello, readClientHello } from "./client-hello.ts";
import { type HttpHead, looksLikeHttp, readHttpHead } from "./http-head.ts";
import { type MongoOpening, readMongoOpening } from "./mongo-opening.ts";
import { readRespUser } from "./resp-opening.ts";

/** The protocols of the engines, as they can be told apart by what a client sends first. */
export type Protocol = "postgres" | "resp" | "mongo" | "bolt" | "http" | "http2";

/** What a connection begins with. */
export type Opening =
  | { readonly protocol: "tls"; readonly hello: ClientHello }
  | { readonly protocol: "postgres"; readonly packet: StartupPacket; readonly length: number }
  | { readonly protocol: "resp"; readonly user: string | undefined }
  | { readonly protocol: "mongo"; readonly message: MongoOpening }
  | { readonly protocol: "bolt" }
  | { readonly protocol: "http"; readonly head: HttpHead }
  | { readonly protocol: "http2" };

/** PostgreSQL's MAX_STARTUP_PACKET_LENGTH. */
const startupBytesMax = 10_000;
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const mongoOpCodes: readonly number[] = [opCodes.msg, opCodes.query, opCodes.compressed];

/**
 * Tells what a connection begins with. It looks at what has come and never waits.
 *
 * @param expected what else is not looked for: the protocol of a port that is one engine's. TLS is found before all of them,
 *   and on Bolt's port its WebSocket.
 * @returns "more" while the bytes are too few to tell, "unknown" when no protocol begins so
 */
export function peek(bytes: Buffer, expected?: Protocol): Opening | "more" | "unknown" {
  const first = bytes[0];
  if (first === undefined) return "more";
  if (first === 0x16) {
    const hello = readClientHello(bytes);
    if (hello === undefined) return "more";
    return hello === "malformed" ? "unknown" : { protocol: "tls", hello };
  }
  const readers = expected === undefined ? allReaders : expectedReaders[expected];
  // An earlier one that cannot tell yet goes before a later one that could: RESP takes every line of letters.
  for (const read of readers) {
    const found = read(bytes);
    if (found !== "unknown") return found;
  }
  return "unknown";
}

type Reader = (bytes: Buffer) => Opening | "more" | "unknown";

function readPostgres(bytes: Buffer): Opening | "more" | "unknown" {
  if (bytes[0] !== 0 || (bytes[1] ?? 0) !== 0) return "unknown";
  if (bytes.length < 8) return "more";
  const length = bytes.readInt32BE(0);
  if (length < 8 || length > startupBytesMax) return "unknown";
  const major = bytes.readUInt16BE(4);
  if (major !== 3 && major !== 2 && major !== 1234) return "unknown";
  if (bytes.length < length) return "more";
  try {
    return { protocol: "postgres", packet: readStartup(bytes.subarray(0, length)), length };
  } catch {
    return "unknown";
  }
}

function readBolt(bytes: Buffer): Opening | "more" | "unknown" {
  const magic = Buffer.from([
    boltMagic >>> 24,
    (boltMagic >>> 16) & 0xff,
    (boltMagic >>> 8) & 0xff,
    boltMagic & 0xff,
  ]);
  const length = Math.min(4, bytes.length);
  if (bytes.compare(magic, 0, length, 0, length) !== 0) return "unknown";
  return length < 4 ? "more" : { protocol: "bolt" };
}

function readMongo(bytes: Buffer): Opening | "more" | "unknown" {
  if (bytes.length < 16) {
    // The length of a first message has at most three bytes.
    return bytes.length >= 4 && bytes[3] !== 0 ? "unknown" : "more";
  }
  if (bytes.readInt32LE(0) < 21 || !mongoOpCodes.includes(bytes.readInt32LE(12))) return "unknown";
  const message = readMongoOpening(bytes);
  return message === undefined ? "more" : { protocol: "mongo", message };
}

function readHttp2(bytes: Buffer): Opening | "more" | "unknown" {
  const length = Math.min(http2Preface.length, bytes.length);
  if (bytes.compare(http2Preface, 0, length, 0, length) !== 0) return "unknown";
  return length < http2Preface.length ? "more" : { protocol: "http2" };
}

function readHttp(bytes: Buffer): Opening | "more" | "unknown" {
  const isHttp = looksLikeHttp(bytes);
  if (isHttp === undefined) return "more";
  if (!isHttp) return "unknown";
  const head = readHttpHead(bytes);
  return head === undefined ? "more" : { protocol: "http", head };
}

/** An array, or a command in a line of letters. */
function readResp(bytes: Buffer): Opening | "more" | "unknown" {
  if (bytes[0] !== 0x2a) {
    const end = bytes.indexOf("\n");
    const line = bytes.toString("latin1", 0, end === -1 ? Math.min(bytes.length, 64) : end);
    if (!/^[A-Za-z][\x20-\x7e\t]*\r?$/.test(line)) return "unknown";
    return end === -1 && bytes.length < 64 ? "more" : { protocol: "resp", user: readRespUser(bytes) };
  }
  const end = bytes.indexOf("\r\n");
  if (end === -1)
    return bytes.length < 16 && /^\*\d*\r?$/.test(bytes.toString("latin1")) ? "more" : "unknown";
  if (!/^\*\d{1,7}$/.test(bytes.toString("latin1", 0, end))) return "unknown";
  return { protocol: "resp", user: readRespUser(bytes) };
}

/** HTTP before RESP, which takes every line of letters. */
const allReaders: readonly Reader[] = [readPostgres, readBolt, readHttp2, readHttp, readMongo, readResp];

const expectedReaders: Readonly<Record<Protocol, readonly Reader[]>> = {
  postgres: [readPostgres],
  resp: [readResp],
  mongo: [readMongo],
  bolt: [readBolt, readHttp],
  http: [readHttp2, readHttp],
  http2: [readHttp2, readHttp],
};
