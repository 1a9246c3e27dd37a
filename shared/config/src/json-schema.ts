import type { Key, KeyKind } from "./key.ts";
import { type Section, schema, userKeys } from "./schema.ts";

type Json = Readonly<Record<string, unknown>>;

const fromVariable: Json = { type: "string", pattern: "^env:.+" };

/** The TOML forms of each kind of key, beside `env:NAME`. */
const forms: Readonly<Record<KeyKind, (key: Key<unknown>) => readonly Json[]>> = {
  text: ({ form }) => [{ type: "string", ...(form && { pattern: `^(?:${form.pattern}|env:.+)$` }) }],
  secret: () => [{ type: "string", minLength: 1 }],
  flag: () => [{ type: "boolean" }, fromVariable],
  integer: ({ min = 0, max }) => [
    { type: "integer", minimum: min, ...(max && { maximum: max }) },
    fromVariable,
  ],
  bytes: ({ min = 0 }) => [
    { type: "integer", minimum: min },
    { type: "string", pattern: "^\\s*\\d+(\\.\\d+)?\\s*([KkMmGgTt][Ii]?)?[Bb]?\\s*$" },
    fromVariable,
  ],
  duration: () => [{ type: "string", pattern: "^\\s*\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)\\s*$" }, fromVariable],
  choice: ({ choices = [], synonyms = {} }) => [
    { enum: [...choices, ...Object.keys(synonyms)] },
    fromVariable,
  ],
  list: ({ form }) => [
    { type: "array", items: { type: "string", ...(form && { pattern: `^(?:${form.pattern})$` }) } },
    fromVariable,
  ],
};

/** The JSON Schema (draft 2020-12) of weftkit.toml, for editors. */
export function jsonSchema(): Json {
  const sections = Object.entries(schema).map(([name, section]: [string, Section]) => {
    const table = tableOf(section.keys, section.doc);
    if (name !== "auth") return [name, table];
    const users = { type: "array", items: tableOf(userKeys, "A user.", ["username"]) };
    return [name, { ...table, properties: { ...table.properties, users } }];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "weftkit.toml",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(sections),
  };
}

function tableOf(keys: Section["keys"], description: string, required: readonly string[] = []) {
  const properties = Object.entries(keys).flatMap(([name, key]) => {
    const kinds = forms[key.kind](key);
    const form = kinds.length === 1 ? kinds[0] : { anyOf: kinds };
    const property = {
      description: key.doc,
      ...form,
      ...(key.fallback !== undefined && key.kind !== "duration" && { default: key.fallback }),
    };
    const file = { description: `A file that holds \`${name}\`.`, type: "string" };
    return key.kind === "secret"
      ? [
          [name, property],
          [`${name}_file`, file],
        ]
      : [[name, property]];
  });
  return {
    description,
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(properties) as Json,
    ...(required.length > 0 && { required }),
  };
}
