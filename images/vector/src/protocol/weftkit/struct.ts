import type { Message } from "../grpc-server.ts";

/** google.protobuf.Struct from and to what JSON has. */
export function objectOfStruct(struct: Message | null | undefined): Record<string, unknown> {
  const fields = (struct?.fields ?? {}) as Record<string, Message>;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, jsonOf(value)]));
}

/** Of a message, or of what `structOf` gives. */
function jsonOf(value: Message): unknown {
  const [kind] = Object.keys(value as object);
  switch (kind) {
    case "numberValue":
    case "stringValue":
    case "boolValue":
      return value[kind];
    case "structValue":
      return objectOfStruct(value.structValue as Message);
    case "listValue":
      return ((value.listValue.values ?? []) as Message[]).map(jsonOf);
    default:
      return null;
  }
}

export function structOf(object: Readonly<Record<string, unknown>>): object {
  return {
    fields: Object.fromEntries(Object.entries(object).map(([name, value]) => [name, messageOf(value)])),
  };
}

function messageOf(value: unknown): object {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
    case "bigint":
      return { numberValue: Number(value) };
    default:
      if (value === null || value === undefined) return { nullValue: 0 };
      if (Array.isArray(value)) return { listValue: { values: (value as unknown[]).map(messageOf) } };
      return { structValue: structOf(value as Record<string, unknown>) };
  }
}
