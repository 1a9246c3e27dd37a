import { isIP, isIPv4, isIPv6 } from "node:net";

/** The ends of a connection, as a proxy before us tells them. */
export interface ProxiedEnds {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly targetAddress: string;
  readonly targetPort: number;
}

/** A PROXY header that was read. */
export interface ProxyHeader {
  /** Its bytes; what the client sent follows. */
  readonly length: number;
  /** Undefined when the proxy speaks for itself (LOCAL, UNKNOWN). */
  readonly ends: ProxiedEnds | undefined;
}

const signature2 = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const signature1 = Buffer.from("PROXY ");
/** proxy-protocol.txt, 2.1: a whole line of version 1. */
const line1BytesMax = 107;
/** 2.2 allows 65,535; addresses take 36 at most (216 for local sockets), and extensions a few hundred. */
const body2BytesMax = 4096;

/**
 * Reads the header of the PROXY protocol, version 1 or 2, that `bytes` begin with.
 *
 * @returns undefined while it is not whole, "none" when there is none, "malformed" when it must not be answered
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | "none" | "malformed" | undefined {
  if (startsWith(bytes, signature2)) return bytes.length < 16 ? undefined : readVersion2(bytes);
  if (startsWith(bytes, signature1))
    return bytes.length < signature1.length ? undefined : readVersion1(bytes);
  return "none";
}

function startsWith(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function readVersion1(bytes: Buffer): ProxyHeader | "malformed" | undefined {
  const end = bytes.subarray(0, line1BytesMax).indexOf("\r\n");
  if (end === -1) return bytes.length >= line1BytesMax ? "malformed" : undefined;
  const words = bytes.toString("latin1", 0, end).split(" ");
  const [, family, sourceAddress = "", targetAddress = "", source = "", target = ""] = words;
  const length = end + 2;
  if (family === "UNKNOWN") return { length, ends: undefined };
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : 0;
  const [sourcePort, targetPort] = [readPort(source), readPort(target)];
  if (
    words.length !== 6 ||
    version === 0 ||
    isIP(sourceAddress) !== version ||
    isIP(targetAddress) !== version
  ) {
    return "malformed";
  }
  if (sourcePort === undefined || targetPort === undefined) return "malformed";
  return { length, ends: { sourceAddress, sourcePort, targetAddress, targetPort } };
}

function readPort(text: string): number | undefined {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function readVersion2(bytes: Buffer): ProxyHeader | "malformed" | undefined {
  const [command, family] = [bytes[12]!, bytes[13]! >> 4];
  const bodyBytes = bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) return "malformed";
  if (bodyBytes > body2BytesMax) return "malformed";
  const length = 16 + bodyBytes;
  if (bytes.length < length) return undefined;
  if (command === 0x20 || family === 0 || family === 3) return { length, ends: undefined };
  const addressBytes = family === 1 ? 4 : family === 2 ? 16 : 0;
  if (addressBytes === 0 || bodyBytes < 2 * addressBytes + 4) return "malformed";
  const at = 16 + 2 * addressBytes;
  return {
    length,
    ends: {
      sourceAddress: addressText(bytes.subarray(16, 16 + addressBytes)),
      targetAddress: addressText(bytes.subarray(16 + addressBytes, at)),
      sourcePort: bytes.readUInt16BE(at),
      targetPort: bytes.readUInt16BE(at + 2),
    },
  };
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Writes a header. Addresses of two families, as a client on IPv4 of a listener on IPv6, are told as unknown. */
export function writeProxyHeader(version: 1 | 2, ends: ProxiedEnds): Buffer {
  const source = plainAddress(ends.sourceAddress);
  const target = plainAddress(ends.targetAddress);
  const family = isIPv4(source) && isIPv4(target) ? 4 : isIPv6(source) && isIPv6(target) ? 6 : 0;
  if (family === 0) return writeLocalProxyHeader(version);
  if (version === 1) {
    const line = `PROXY TCP${family} ${source} ${target} ${ends.sourcePort} ${ends.targetPort}\r\n`;
    return Buffer.from(line, "latin1");
  }
  const addressBytes = family === 4 ? 4 : 16;
  const bodyBytes = 2 * addressBytes + 4;
  const header = Buffer.alloc(16 + bodyBytes);
  signature2.copy(header);
  header[12] = 0x21;
  header[13] = family === 4 ? 0x11 : 0x21;
  header.writeUInt16BE(bodyBytes, 14);
  addressOctets(source).copy(header, 16);
  addressOctets(target).copy(header, 16 + addressBytes);
  header.writeUInt16BE(ends.sourcePort, 16 + 2 * addressBytes);
  header.writeUInt16BE(ends.targetPort, 18 + 2 * addressBytes);
  return header;
}

/** The header of a connection that is made for nobody else, as to ask for a server's health: UNKNOWN, or LOCAL in version 2. */
export function writeLocalProxyHeader(version: 1 | 2): Buffer {
  if (version === 1) return Buffer.from("PROXY UNKNOWN\r\n", "latin1");
  return Buffer.concat([signature2, Buffer.from([0x20, 0, 0, 0])]);
}

/** An IPv4 address in IPv6's clothes, without them. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // The standard form has numbers only where IPv4 is at the end.
  const [head = "", tail] = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname
    .slice(1, -1)
    .split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? [] : new Array<string>(8 - before.length - after.length).fill("0");
  const octets = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries()) {
    octets.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  }
  return octets;
}
