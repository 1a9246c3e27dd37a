import { isIPv4, isIPv6 } from "node:net";
import { invalidText, PgError } from "../errors.ts";
import { compareText } from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

/** An address with the length of its network's prefix. Values are kept as their canonical text. */
export interface Network {
  readonly family: 4 | 6;
  readonly bits: number;
  /** 4 or 16 bytes. */
  readonly address: bigint;
}

export const widthOf = (family: 4 | 6) => (family === 4 ? 32 : 128);

function v4(text: string): bigint {
  return text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function v6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const full =
    dotted === null
      ? text
      : `${dotted[1]}${(v4(dotted[2]!) >> 16n).toString(16)}:${(v4(dotted[2]!) & 0xffffn).toString(16)}`;
  const [head = "", tail] = full.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...new Array<string>(zeros).fill("0"), ...right].reduce(
    (sum, part) => (sum << 16n) | BigInt(`0x${part}`),
    0n,
  );
}

/** @throws PgError 22P02 */
export function parseNetwork(text: string, typeName: "inet" | "cidr"): Network {
  const [given = "", length, more] = text.trim().split("/");
  let address = given;
  // The leading bytes alone, 10.1/16; cidr finds the length by itself.
  if ((typeName === "cidr" || length !== undefined) && /^\d+(\.\d+){0,2}\.?$/.test(address)) {
    const parts = address.replace(/\.$/, "").split(".");
    const implied = length ?? String(classOf(Number(parts[0]), parts.length));
    return parseNetwork(`${[...parts, "0", "0", "0"].slice(0, 4).join(".")}/${implied}`, typeName);
  }
  if (more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length)))
    throw invalidText(typeName, text);
  address = address.replace(/\b0+(?=\d)/g, (zeros) => (given.includes(":") ? zeros : ""));
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes("%") ? 6 : undefined;
  if (family === undefined) throw invalidText(typeName, text);
  const bits = length === undefined ? widthOf(family) : Number(length);
  if (bits > widthOf(family)) throw invalidText(typeName, text);
  const network = { family, bits, address: family === 4 ? v4(address) : v6(address) } as const;
  if (typeName === "cidr" && (network.address & hostMask(network)) !== 0n)
    throw new PgError("22P02", `invalid cidr value: "${text}"`, {
      detail: "Value has bits set to right of mask.",
    });
  return network;
}

/** The prefix of an old-style network that is given by its first bytes. */
function classOf(first: number, parts: number): number {
  const byClass = first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 32;
  return Math.max(byClass, parts * 8);
}

export function hostMask({ family, bits }: Network): bigint {
  return (1n << BigInt(widthOf(family) - bits)) - 1n;
}

export function netMask(network: Network): bigint {
  return ((1n << BigInt(widthOf(network.family))) - 1n) ^ hostMask(network);
}

/** The address without its prefix length. */
export function hostText({ family, address }: Network): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(112 - i * 16)) & 0xffffn));
  // The longest run of zeros, of at least two groups, is left out.
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const isMapped = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  if (isMapped && address > 0xffffn) {
    const v4Text = hostText({ family: 4, bits: 32, address: address & 0xffff_ffffn });
    return length === 6 ? `::${v4Text}` : `::ffff:${v4Text}`;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

export function networkText(network: Network, typeName: "inet" | "cidr"): string {
  const host = hostText(network);
  return typeName === "inet" && network.bits === widthOf(network.family) ? host : `${host}/${network.bits}`;
}

export function compareNetworks(a: Network, b: Network): number {
  if (a.family !== b.family) return a.family - b.family;
  const shift = BigInt(widthOf(a.family) - Math.min(a.bits, b.bits));
  const [x, y] = [a.address >> shift, b.address >> shift];
  if (x !== y) return x < y ? -1 : 1;
  if (a.bits !== b.bits) return a.bits - b.bits;
  return a.address === b.address ? 0 : a.address < b.address ? -1 : 1;
}

function bytesOf({ family, address }: Network): Buffer {
  return Buffer.from(address.toString(16).padStart(family === 4 ? 8 : 32, "0"), "hex");
}

/** Bytes that sort as addresses do, from which the value can be read again. */
export function networkKey(network: Network): Buffer {
  const masked = { ...network, address: network.address & netMask(network) };
  return Buffer.concat([
    Buffer.from([network.family]),
    bytesOf(masked),
    Buffer.from([network.bits]),
    bytesOf(network),
  ]);
}

export function networkOfKey(key: Buffer): Network {
  const family = key[0] as 4 | 6;
  const width = widthOf(family) / 8;
  const address = BigInt(`0x${key.subarray(width + 2).toString("hex")}`);
  return { family, bits: key[width + 1]!, address };
}

export function networkOps(typeName: "inet" | "cidr"): TypeOps {
  const parse = (value: unknown) => parseNetwork(value as string, "inet");
  return {
    input: (text) => networkText(parseNetwork(text, typeName), typeName),
    output: (value) => value as string,
    compare: (a, b) => compareNetworks(parse(a), parse(b)),
    key: (value) => networkText(parse(value), "cidr"),
    send: (value) => {
      const network = parse(value);
      const address = bytesOf(network);
      const header = [
        network.family === 4 ? 2 : 3,
        network.bits,
        typeName === "cidr" ? 1 : 0,
        address.length,
      ];
      return Buffer.concat([Buffer.from(header), address]);
    },
    receive: (bytes) => {
      const family = bytes[0] === 2 ? 4 : bytes[0] === 3 ? 6 : undefined;
      const isRight =
        family !== undefined && bytes.length === 4 + widthOf(family) / 8 && bytes[1]! <= widthOf(family);
      if (!isRight) throw new PgError("22P03", `invalid address family in external "${typeName}" value`);
      const address = BigInt(`0x${bytes.subarray(4).toString("hex")}`);
      return networkText({ family, bits: bytes[1]!, address }, typeName);
    },
  };
}

/** macaddr and macaddr8: kept as `08:00:2b:01:02:03`. */
export function macaddrOps(typeName: "macaddr" | "macaddr8"): TypeOps {
  const length = typeName === "macaddr" ? 6 : 8;
  const format = (hex: string) => hex.toLowerCase().match(/../g)!.join(":");
  const forms =
    /^(?:[\da-f]{12}|[\da-f]{16}|[\da-f]{2}(?:([:-])[\da-f]{2})(?:\1[\da-f]{2}){4}(?:(?:\1[\da-f]{2}){2})?|[\da-f]{6}[:-][\da-f]{6}|(?:[\da-f]{4}[.:-]){2,3}[\da-f]{4}|[\da-f]{8}[:-][\da-f]{8})$/i;
  return {
    input: (text) => {
      const trimmed = text.trim();
      const hex = trimmed.replace(/[:.-]/g, "");
      const fits = hex.length === length * 2 || (typeName === "macaddr8" && hex.length === 12);
      if (!forms.test(trimmed) || !fits) throw invalidText(typeName, text);
      // Six bytes become eight with ff:fe in their middle.
      return format(hex.length === length * 2 ? hex : `${hex.slice(0, 6)}fffe${hex.slice(6)}`);
    },
    output: (value) => value as string,
    compare: (a, b) => compareText(a as string, b as string),
    key: (value) => value as string,
    send: (value) => Buffer.from((value as string).replaceAll(":", ""), "hex"),
    receive: (bytes) => {
      if (bytes.length !== length && !(typeName === "macaddr8" && bytes.length === 6))
        throw new PgError("22P03", "incorrect binary data format");
      const hex = bytes.toString("hex");
      return format(bytes.length === length ? hex : `${hex.slice(0, 6)}fffe${hex.slice(6)}`);
    },
  };
}
