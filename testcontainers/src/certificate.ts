import { generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;

const tags = { integer: 2, bits: 3, bytes: 4, oid: 6, text: 12, time: 24, sequence: 48, set: 49 } as const;

const oids = {
  commonName: [0x55, 0x04, 0x03],
  subjectAlternativeName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
} as const;

/**
 * Makes a certificate that is its own authority (RFC 5280), on the curve P-256, for these names and addresses and a month.
 *
 * @example selfSigned(["localhost", "127.0.0.1"])
 */
export function selfSigned(names: readonly string[]): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const name = sequence(element(tags.set, sequence(oid(oids.commonName), text(names[0] ?? "localhost"))));
  const now = Date.now();
  const extensions = sequence(
    extension(oids.basicConstraints, sequence(element(1, Buffer.from([0xff])))),
    extension(oids.subjectAlternativeName, sequence(...names.map(alternativeName))),
  );
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - dayMs), time(now + 30 * dayMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    element(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const bits = element(tags.bits, Buffer.concat([Buffer.from([0]), signature]));
  return {
    cert: new X509Certificate(sequence(body, algorithm, bits)).toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** DER: tag, length, content. */
function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const header = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, Buffer.concat(parts));
}

function integer(bytes: Uint8Array): Buffer {
  return element(tags.integer, bytes);
}

function oid(bytes: readonly number[]): Buffer {
  return element(tags.oid, Buffer.from(bytes));
}

function text(value: string): Buffer {
  return element(tags.text, Buffer.from(value));
}

function time(ms: number): Buffer {
  return element(tags.time, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "")}`));
}

function extension(id: readonly number[], value: Uint8Array): Buffer {
  return sequence(oid(id), element(tags.bytes, value));
}

function alternativeName(name: string): Buffer {
  const family = isIP(name);
  if (family === 4) return element(0x87, Buffer.from(name.split(".").map(Number)));
  if (family === 6) return element(0x87, addressBytes(name));
  return element(0x82, Buffer.from(name));
}

/** The 16 bytes of an IPv6 address. */
function addressBytes(address: string): Buffer {
  // The form of a URL has no dotted end and no leading zeros.
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill("0");
  const bytes = Buffer.alloc(16);
  for (const [i, group] of [...groups(head), ...zeros, ...groups(tail)].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  }
  return bytes;
}
