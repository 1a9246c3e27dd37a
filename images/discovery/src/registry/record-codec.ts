import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { noteBytesMax } from "../swim/codec.ts";
import {
  bounds,
  groupPattern,
  type InstanceRecord,
  idPattern,
  instanceStates,
  roles,
  wordPattern,
} from "./instance.ts";

/** So long is a record at most as a note of the gossip. */
export const recordBytesMax = noteBytesMax;

const flag = Type.Integer({ minimum: 0, maximum: 1 });

/** As it travels: without names of members, as many of them share a datagram. */
const wireRecord = Type.Tuple([
  /* id */ Type.String({ pattern: idPattern }),
  /* engine */ Type.String({ pattern: wordPattern }),
  /* protocol */ Type.String({ pattern: wordPattern }),
  /* host */ Type.String({ minLength: 1, maxLength: bounds.hostCharsMax }),
  /* port */ Type.Integer({ minimum: 1, maximum: 65_535 }),
  /* groups */ Type.Array(Type.String({ pattern: groupPattern }), {
    minItems: 1,
    maxItems: bounds.groupsMax,
  }),
  /* role */ Type.Integer({ minimum: 0, maximum: roles.length - 1 }),
  /* weight */ Type.Integer({ minimum: 1, maximum: bounds.weightMax }),
  /* tls */ flag,
  /* draining */ flag,
  /* epoch */ Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /* metadata */ Type.Record(Type.String(), Type.String()),
  /* state */ Type.Integer({ minimum: 0, maximum: instanceStates.length - 1 }),
  /* sequence */ Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /* home */ Type.String({ minLength: 1, maxLength: 128 }),
]);

const check = Compile(wireRecord);

/** A record as bytes; longer than `recordBytesMax` when the instance says too much. */
export function encodeRecord({ instance, state, sequence, home }: InstanceRecord): Buffer {
  const { id, engine, protocol, host, port, groups, role, weight, tls, draining, epoch, metadata } = instance;
  const wire: Static<typeof wireRecord> = [
    id,
    engine,
    protocol,
    host,
    port,
    [...groups],
    roles.indexOf(role),
    weight,
    Number(tls),
    Number(draining),
    epoch,
    { ...metadata },
    instanceStates.indexOf(state),
    sequence,
    home,
  ];
  return Buffer.from(JSON.stringify(wire));
}

/** What `encodeRecord` wrote; undefined for anything else. */
export function decodeRecord(bytes: Uint8Array): InstanceRecord | undefined {
  // What is longer could be told to nobody else.
  if (bytes.length > recordBytesMax) return undefined;
  let wire: unknown;
  try {
    wire = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Whatever it is, it is no record; who sent it is counted by the caller.
    return undefined;
  }
  if (!check.Check(wire)) return undefined;
  const [id, engine, protocol, host, port, groups, role, weight, tls, draining, epoch, metadata] = wire;
  const [state, sequence, home] = wire.slice(12) as [number, number, string];
  return {
    instance: Object.freeze({
      id,
      engine,
      protocol,
      host,
      port,
      groups: Object.freeze(groups),
      role: roles[role]!,
      weight,
      tls: tls === 1,
      draining: draining === 1,
      epoch,
      metadata: Object.freeze(metadata),
    }),
    state: instanceStates[state]!,
    sequence,
    home,
  };
}
