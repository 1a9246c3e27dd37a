import { MessageReader } from "./message-reader.ts";
import { violation } from "./violation.ts";

/** What a connection may begin with. */
export type StartupPacket =
  | { readonly kind: "ssl" }
  | { readonly kind: "gss" }
  | { readonly kind: "cancel"; readonly processId: number; readonly key: Buffer }
  | {
      readonly kind: "startup";
      readonly major: number;
      readonly minor: number;
      /** In the order in which they came, `user` and `database` among them. */
      readonly parameters: ReadonlyMap<string, string>;
    };

/** The major version in the upper half. */
export function protocolVersion(major: number, minor: number): number {
  return major * 65_536 + minor;
}

const cancelCode = protocolVersion(1234, 5678);
const sslCode = protocolVersion(1234, 5679);
const gssCode = protocolVersion(1234, 5680);
/** Keys are of 4 bytes in 3.0; 3.2 lets them be as long as this. */
const cancelKeyBytesMax = 256;
const parametersMax = 256;

/**
 * Reads the packet whose length `packetLength` told.
 *
 * @throws WireError
 */
export function readStartup(packet: Buffer): StartupPacket {
  const reader = new MessageReader(packet, 4);
  const code = reader.int32();
  if (code === sslCode) return { kind: "ssl" };
  if (code === gssCode) return { kind: "gss" };
  if (code === cancelCode) {
    const processId = reader.int32();
    if (reader.left === 0 || reader.left > cancelKeyBytesMax)
      throw violation("invalid length of cancel request");
    return { kind: "cancel", processId, key: Buffer.from(reader.raw(reader.left)) };
  }
  const [major, minor] = [code >>> 16, code & 0xffff];
  const parameters = new Map<string, string>();
  // An older protocol has another layout; what it says is answered by its version alone.
  if (major !== 3) return { kind: "startup", major, minor, parameters };
  for (;;) {
    if (reader.left === 0) throw violation("invalid startup packet layout: expected terminator as last byte");
    const name = reader.text();
    if (name === "") break;
    if (parameters.size === parametersMax) throw violation("too many startup parameters");
    parameters.set(name, reader.text());
  }
  if (reader.left > 0) throw violation("invalid startup packet layout: expected terminator as last byte");
  return { kind: "startup", major, minor, parameters };
}

/** What a server makes of the version that a client asked for. */
export interface Negotiation {
  /** 3.0 or 3.2; there is no 3.1. */
  readonly minor: 0 | 2;
  /** What NegotiateProtocolVersion must say: the minor and the options that are not known; undefined when it is not sent. */
  readonly reply: { readonly minor: 0 | 2; readonly options: readonly string[] } | undefined;
}

/**
 * Settles the version (protocol-changes, 3.2): a minor or a `_pq_.` option that the server does not know is no error, it is told.
 *
 * @throws WireError 0A000 for another major version
 */
export function negotiate(packet: Extract<StartupPacket, { kind: "startup" }>): Negotiation {
  const { major, minor, parameters } = packet;
  if (major !== 3) {
    throw violation(`unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.2`, "0A000");
  }
  const options = [...parameters.keys()].filter((name) => name.startsWith("_pq_."));
  const agreed = minor >= 2 ? 2 : 0;
  const isAsAsked = (minor === 0 || minor === 2) && options.length === 0;
  return { minor: agreed, reply: isAsAsked ? undefined : { minor: agreed, options } };
}
