import { packetLength } from "@weftkit/wire-postgres";

/** PostgreSQL's own limit of what a connection begins with (MAX_STARTUP_PACKET_LENGTH). */
const startupBytesMax = 10_000;

/** How long the packet before the first message is; 0 when that cannot be told yet. @throws WireError */
export function startupLength(bytes: Buffer, at: number, end: number): number {
  return packetLength(bytes, at, end, startupBytesMax);
}
