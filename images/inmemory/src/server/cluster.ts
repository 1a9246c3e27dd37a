import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { keyIndexes } from "../command-table/key-positions.ts";
import type { RegisteredCommand } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";

export const SLOTS = 16_384;
export const NO_CLUSTER = "ERR This instance has cluster support disabled";
const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";
const OPEN = 0x7b;
const CLOSE = 0x7d;

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** The slot of a key: CRC-16 (XMODEM) of what is in its first braces, or of all of it (Redis cluster specification, "Key distribution model", "Hash tags"). */
export function slotOf(bytes: Buffer, offset: number, length: number): number {
  let from = offset;
  let end = offset + length;
  const open = bytes.subarray(offset, end).indexOf(OPEN);
  if (open >= 0) {
    const close = bytes.subarray(offset + open + 1, end).indexOf(CLOSE);
    if (close > 0) {
      from = offset + open + 1;
      end = from + close;
    }
  }
  let crc = 0;
  for (let i = from; i < end; i++) crc = ((crc << 8) & 0xffff) ^ table[((crc >> 8) ^ bytes[i]!) & 0xff]!;
  return crc & (SLOTS - 1);
}

/** A host and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * A cluster of one node, which has all slots: what drivers that speak to clusters need of it. As in any cluster, the keys of one
 * command must be of one slot.
 */
export class Cluster {
  readonly #announced: Address;

  /** @param announced where clients are told to connect; an empty host and a port of 0 are those that a client has connected to */
  constructor(announced: Address) {
    this.#announced = announced;
  }

  /** Stays the same over restarts of a container, as long as its name does. */
  readonly id = createHash("sha1").update(`weftkit-inmemory ${hostname()}`).digest("hex");

  /** The node's address for a client that has connected to `local`. */
  addressFor(local: Address | undefined): Address {
    return {
      host: this.#announced.host || (local?.host ?? "127.0.0.1"),
      port: this.#announced.port || (local?.port ?? 0),
    };
  }

  /** Why a command cannot run in a cluster, or undefined. */
  denial(command: RegisteredCommand, args: Args): string | undefined {
    return this.#slotOfAll(command, args, undefined) === null ? CROSSSLOT : undefined;
  }

  /** The same for the commands of a transaction together. */
  transactionDenial(
    commands: readonly { command: RegisteredCommand; values: readonly Buffer[] }[],
    scratch: Args,
  ): string | undefined {
    let slot: number | undefined;
    for (const { command, values } of commands) {
      scratch.load(values);
      const next = this.#slotOfAll(command, scratch, slot);
      if (next === null) return CROSSSLOT;
      slot = next;
    }
    return undefined;
  }

  /** The one slot of a command's keys and of those before it: undefined without keys, null when there are several. */
  #slotOfAll(command: RegisteredCommand, args: Args, before: number | undefined): number | undefined | null {
    if (command.keys === undefined && command.getKeys === undefined) return before;
    let slot = before;
    for (const { index } of keyIndexes(command, args) ?? []) {
      const own = slotOf(args.buffer, args.offsets[index]!, args.lengths[index]!);
      if (slot !== undefined && slot !== own) return null;
      slot = own;
    }
    return slot;
  }
}
