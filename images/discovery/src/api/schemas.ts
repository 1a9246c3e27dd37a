import { addressOf } from "@weftkit/backends";
import Type, { type Static } from "typebox";
import {
  bounds,
  defaultGroup,
  groupPattern,
  type InstanceRecord,
  idPattern,
  instanceStates,
  roles,
  wordPattern,
} from "../registry/instance.ts";

/** Objects that have these members and no others. */
export const strict = { additionalProperties: false } as const;

const description = (text: string) => ({ description: text });

export const noParams = Type.Object({}, strict);
export const noQuery = Type.Object({}, strict);

export const instanceParams = Type.Object({
  id: Type.String({ pattern: idPattern, ...description("The instance.") }),
});

export const epoch = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  ...description(
    "Higher with each start of the instance, as a rule the time of it in milliseconds. What an older start says is refused.",
  ),
});

/** What an instance says of itself. */
export const registration = Type.Object(
  {
    engine: Type.String({ pattern: wordPattern, ...description("The image: `relational`, `gateway`.") }),
    protocol: Type.Optional(
      Type.String({ pattern: wordPattern, ...description("What it speaks: `postgresql`. Default: `tcp`.") }),
    ),
    endpoint: Type.String({
      maxLength: bounds.hostCharsMax + 8,
      pattern: "^(?:\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?):[0-9]{1,5}$",
      ...description("Where it is: `host:port`, with IPv6 addresses in brackets."),
    }),
    groups: Type.Optional(
      Type.Array(Type.String({ pattern: groupPattern }), {
        minItems: 1,
        maxItems: bounds.groupsMax,
        uniqueItems: true,
        ...description(`The sets that it belongs to. Default: \`["${defaultGroup}"]\`.`),
      }),
    ),
    role: Type.Optional(Type.Enum([...roles], description("Whether it takes writes. Default: primary."))),
    weight: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: bounds.weightMax,
        ...description("Its share of connections. Default: 1."),
      }),
    ),
    tls: Type.Optional(Type.Boolean(description("Whether it is spoken to in TLS. Default: false."))),
    draining: Type.Optional(
      Type.Boolean(description("It goes soon, and gets no new connections. Default: false.")),
    ),
    epoch: Type.Optional(epoch),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: bounds.metadataKeyCharsMax }),
        Type.String({ maxLength: bounds.metadataValueCharsMax }),
        { maxProperties: bounds.metadataMax, ...description("Anything else, as texts.") },
      ),
    ),
  },
  strict,
);
export type Registration = Static<typeof registration>;

export const instanceState = Type.Enum([...instanceStates], {
  description:
    "`passing`: it is heard of; `suspect`: not lately; `failed`: not for long; `left`: it went by itself.",
});

export const instanceSchema = Type.Object({
  id: Type.String(),
  engine: Type.String(),
  protocol: Type.String(),
  endpoint: Type.String(),
  groups: Type.Array(Type.String()),
  role: Type.Enum([...roles]),
  weight: Type.Integer(),
  tls: Type.Boolean(),
  draining: Type.Boolean(),
  epoch: Type.Integer(),
  metadata: Type.Record(Type.String(), Type.String()),
  state: instanceState,
  home: Type.String(description("The node that it sends its heartbeats to.")),
  since: Type.Optional(
    Type.String({ format: "date-time", ...description("When this node learned of its state.") }),
  ),
});

/** An instance as it is answered. */
export function instanceJson(record: InstanceRecord, sinceMs?: number): Static<typeof instanceSchema> {
  const { instance, state, home } = record;
  const { id, engine, protocol, groups, role, weight, tls, draining, epoch, metadata } = instance;
  return {
    id,
    engine,
    protocol,
    endpoint: addressOf(instance),
    groups: [...groups],
    role,
    weight,
    tls,
    draining,
    epoch,
    metadata: { ...metadata },
    state,
    home,
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
  };
}
