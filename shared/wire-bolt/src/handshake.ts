import { BoltViolation } from "./violation.ts";

/** What a Bolt connection begins with. */
export const boltMagic = 0x6060b017;
/** Magic and four proposals of four bytes. */
export const handshakeBytes = 20;
/** In a proposal's place: the client wants the server's list (Handshake Manifest, version 1). */
const manifestMarker = 0x000001ff;

export interface BoltVersion {
  readonly major: number;
  readonly minor: number;
}

/** Versions of one major number, from `minor` down to `minor - range`. */
export interface VersionRange extends BoltVersion {
  readonly range: number;
}

export type Proposal =
  | { readonly kind: "manifest" }
  | { readonly kind: "version"; readonly version: BoltVersion };

/** Whether `version` is one of `ranges`. */
export function isOffered(ranges: readonly VersionRange[], { major, minor }: BoltVersion): boolean {
  return ranges.some(
    (offer) => offer.major === major && minor <= offer.minor && minor >= offer.minor - offer.range,
  );
}

/**
 * What a server chooses of the client's four proposals: the first that has a version it offers; undefined when none has.
 * @throws BoltViolation when it is no Bolt handshake
 */
export function chooseVersion(bytes: Buffer, offered: readonly VersionRange[]): Proposal | undefined {
  if (bytes.readUInt32BE(0) !== boltMagic) throw new BoltViolation("not a Bolt handshake");
  for (let at = 4; at < handshakeBytes; at += 4) {
    if (bytes.readUInt32BE(at) === manifestMarker) return { kind: "manifest" };
    const [, range = 0, minor = 0, major = 0] = bytes.subarray(at, at + 4);
    for (let tried = minor; tried >= 0 && tried >= minor - range; tried--) {
      const version = { major, minor: tried };
      if (major > 0 && isOffered(offered, version)) return { kind: "version", version };
    }
  }
  return undefined;
}

function versionBytes({ major, minor, range = 0 }: BoltVersion & { readonly range?: number }): Buffer {
  return Buffer.from([0, range, minor, major]);
}

/** The answer to a handshake: the version, or zeros for none. */
export function versionReply(version: BoltVersion | undefined): Buffer {
  return version === undefined ? Buffer.alloc(4) : versionBytes(version);
}

/** The server's list of versions, without capabilities. */
export function manifestReply(offered: readonly VersionRange[]): Buffer {
  const marker = Buffer.alloc(4);
  marker.writeUInt32BE(manifestMarker);
  return Buffer.concat([
    marker,
    Buffer.from([offered.length]),
    ...offered.map(versionBytes),
    Buffer.from([0]),
  ]);
}

/**
 * What a client chooses of a manifest: a version and capabilities, of how many bytes; undefined while it is not whole.
 * @throws BoltViolation
 */
export function readManifestChoice(
  bytes: Buffer,
): { readonly version: BoltVersion; readonly length: number } | undefined {
  if (bytes.length < 5) return undefined;
  let end = 4;
  while (end < bytes.length && (bytes[end]! & 0x80) !== 0) end++;
  if (end > 12) throw new BoltViolation("capabilities that are too long");
  if (end === bytes.length) return undefined;
  return { version: { minor: bytes[2]!, major: bytes[3]! }, length: end + 1 };
}

/** A client's handshake: up to four proposals. */
export function clientHandshake(proposals: readonly (VersionRange | "manifest")[]): Buffer {
  const bytes = Buffer.alloc(handshakeBytes);
  bytes.writeUInt32BE(boltMagic, 0);
  for (const [index, proposal] of proposals.slice(0, 4).entries()) {
    if (proposal === "manifest") bytes.writeUInt32BE(manifestMarker, 4 + index * 4);
    else versionBytes(proposal).copy(bytes, 4 + index * 4);
  }
  return bytes;
}
