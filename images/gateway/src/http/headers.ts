import { randomFillSync } from "node:crypto";
import type { ProxiedEnds } from "@weftkit/peek";
import { plainAddress } from "@weftkit/peek";

/** RFC 9110, 7.6.1: of one connection, and not of the message. `transfer-encoding` is said by who sends. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "upgrade",
  "http2-settings",
]);

/** What is said about the client is said by the gateway alone, unless a trusted proxy is before it. */
const forwarded = new Set(["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"]);

/** Who sends a request, for the headers that tell the server. */
export interface Client {
  readonly ends: ProxiedEnds;
  readonly isTls: boolean;
  /** Its own word about who is before it is believed. */
  readonly isTrusted: boolean;
}

/** Names and values in turn, as `IncomingMessage.rawHeaders`. */
type RawHeaders = readonly string[];

/** The headers that go on, as they were written, without those of the connection. */
export function endToEnd(raw: RawHeaders, connection: string | undefined): string[] {
  const named = new Set(
    (connection ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    if (hopByHop.has(name) || named.has(name) || name.startsWith(":")) continue;
    kept.push(raw[at]!, raw[at + 1]!);
  }
  return kept;
}

/** The headers of a request to a server: the client's, who the client is, and the trace that it belongs to. */
export function requestHeaders(
  raw: RawHeaders,
  connection: string | undefined,
  client: Client,
): { headers: string[]; traceparent: string } {
  const kept: string[] = [];
  let before: string | undefined;
  let protocol: string | undefined;
  let host: string | undefined;
  let traceparent: string | undefined;
  const headers = endToEnd(raw, connection);
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase();
    const value = headers[at + 1]!;
    if (name === "traceparent") {
      traceparent ??= value;
      continue;
    }
    if (forwarded.has(name)) {
      if (!client.isTrusted) continue;
      if (name === "x-forwarded-for") {
        before = before === undefined ? value : `${before}, ${value}`;
        continue;
      }
      if (name === "x-forwarded-proto") protocol = value;
    }
    if (name === "host") host ??= value;
    kept.push(headers[at]!, value);
  }
  const address = plainAddress(client.ends.sourceAddress);
  kept.push("X-Forwarded-For", before === undefined ? address : `${before}, ${address}`);
  if (protocol === undefined) kept.push("X-Forwarded-Proto", client.isTls ? "https" : "http");
  if (host !== undefined && !kept.some((one, at) => at % 2 === 0 && one.toLowerCase() === "x-forwarded-host"))
    kept.push("X-Forwarded-Host", host);
  const trace = traceparent !== undefined && isTraceparent(traceparent) ? traceparent : newTraceparent();
  kept.push("traceparent", trace);
  return { headers: kept, traceparent: trace };
}

/** W3C Trace Context, 3.2: version 00 exactly, later ones by their beginning. */
export function isTraceparent(value: string): boolean {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(value);
  if (match === null || match[1] === "ff" || (match[1] === "00" && match[4] !== undefined)) return false;
  return !/^0+$/.test(match[2]!) && !/^0+$/.test(match[3]!);
}

/** A trace that begins here; whether it is sampled is left to who records it. */
function newTraceparent(): string {
  return `00-${randomHex(16)}-${randomHex(8)}-00`;
}

/** Random bytes that were not given out yet: to ask for a few each time costs more than the request's routing. */
const pool = Buffer.alloc(4096);
let poolAt = pool.length;

function randomHex(bytes: number): string {
  if (poolAt + bytes > pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  poolAt += bytes;
  return pool.toString("hex", poolAt - bytes, poolAt);
}
