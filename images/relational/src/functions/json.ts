import { outOfRange, PgError } from "../errors.ts";
import { type Datum, JsonbValue, PgArray, PgRecord } from "../types/datum.ts";
import { compareJson } from "../types/json-ops.ts";
import { formatJson, makeObject, parseJson, prettyJson, quoteJson } from "../types/json-text.ts";
import { type Json, JsonObject } from "../types/json-value.ts";
import { Numeric } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { jsonAtPath, jsonElement } from "./json-path-text.ts";
import { rawElements, rawMembers, rawText, scalarTextOf } from "./raw-json.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";
import { keyText, toJsonb, toJsonText } from "./to-json.ts";

type J = JsonbValue;
const wrap = (json: Json | undefined): J | null => (json === undefined ? null : new JsonbValue(json));
/** A value as ->> gives it: strings without quotes, JSON null as NULL. */
export const asText = (json: Json | undefined): string | null =>
  json === undefined || json === null ? null : typeof json === "string" ? json : formatJson(json);

define("jsonb_object_field", (j: J, key: string) =>
  wrap(
    jsonElement(j.json, key) === undefined || !(j.json instanceof JsonObject)
      ? undefined
      : jsonElement(j.json, key),
  ),
);
define("jsonb_object_field_text", (j: J, key: string) =>
  j.json instanceof JsonObject ? asText(j.json.members.get(key)) : null,
);
define("jsonb_array_element", (j: J, index: number) =>
  Array.isArray(j.json) ? wrap(jsonElement(j.json, index)) : null,
);
define("jsonb_array_element_text", (j: J, index: number) =>
  Array.isArray(j.json) ? asText(jsonElement(j.json, index)) : null,
);
const pathOf = (array: PgArray): string[] | null =>
  array.elements.includes(null) ? null : (array.elements as string[]);
define("jsonb_extract_path", (j: J, array: PgArray) => {
  const path = pathOf(array);
  return path === null ? null : wrap(jsonAtPath(j.json, path));
});
define("jsonb_extract_path_text", (j: J, array: PgArray) => {
  const path = pathOf(array);
  return path === null ? null : asText(jsonAtPath(j.json, path));
});
define(
  "json_object_field",
  (text: string, key: string) => rawMembers(text)?.findLast((m) => m.key === key)?.text ?? null,
);
define("json_object_field_text", (text: string, key: string) =>
  scalarTextOf(rawMembers(text)?.findLast((m) => m.key === key)?.text),
);
const rawElement = (text: string, index: number) => {
  const elements = rawElements(text);
  return elements?.[index < 0 ? elements.length + index : index];
};
define("json_array_element", (text: string, index: number) => rawElement(text, index) ?? null);
define("json_array_element_text", (text: string, index: number) => scalarTextOf(rawElement(text, index)));
const rawPath = (text: string, array: PgArray): string | undefined => {
  const path = pathOf(array);
  let at: string | undefined = rawText(text);
  for (const step of path ?? []) {
    if (at === undefined) return undefined;
    at =
      rawMembers(at)?.findLast((m) => m.key === step)?.text ??
      (/^[+-]?\d+$/.test(step) && at.startsWith("[") ? rawElement(at, Number(step)) : undefined);
  }
  return path === null ? undefined : at;
};
define("json_extract_path", (text: string, array: PgArray) => rawPath(text, array) ?? null);
define("json_extract_path_text", (text: string, array: PgArray) => scalarTextOf(rawPath(text, array)));

// containment and existence
function contains(whole: Json, part: Json, isTop = true): boolean {
  if (part instanceof JsonObject) {
    if (!(whole instanceof JsonObject)) return false;
    for (const [key, value] of part.members) {
      const found = whole.members.get(key);
      if (found === undefined || !contains(found, value, false)) return false;
    }
    return true;
  }
  if (Array.isArray(part)) {
    if (!Array.isArray(whole)) return false;
    return (part as readonly Json[]).every((item) =>
      (whole as readonly Json[]).some((other) => contains(other, item, false)),
    );
  }
  // At the top an array may contain a scalar.
  if (Array.isArray(whole))
    return (
      isTop &&
      (whole as readonly Json[]).some((other) => isScalar(other) && compareJson(other, part, false) === 0)
    );
  return isScalar(whole) && compareJson(whole, part, false) === 0;
}
const isScalar = (json: Json) => !(json instanceof JsonObject) && !Array.isArray(json);
define("jsonb_contains", (a: J, b: J) => contains(a.json, b.json));
define("jsonb_contained", (a: J, b: J) => contains(b.json, a.json));
const exists = (json: Json, key: string): boolean => {
  if (json instanceof JsonObject) return json.members.has(key);
  if (Array.isArray(json)) return (json as readonly Json[]).includes(key);
  return json === key;
};
define("jsonb_exists", (j: J, key: string) => exists(j.json, key));
define("jsonb_exists_any", (j: J, keys: PgArray) =>
  keys.elements.some((key) => key !== null && exists(j.json, key as string)),
);
define("jsonb_exists_all", (j: J, keys: PgArray) =>
  keys.elements.every((key) => key === null || exists(j.json, key as string)),
);

// changing
const invalidUse = (message: string) => new PgError("22023", message);
define("jsonb_concat", (a: J, b: J) => {
  const [x, y] = [a.json, b.json];
  if (x instanceof JsonObject && y instanceof JsonObject)
    return new JsonbValue(makeObject(new Map([...x.members, ...y.members])));
  const list = (json: Json): readonly Json[] => (Array.isArray(json) ? json : [json]);
  if (x instanceof JsonObject || y instanceof JsonObject) {
    if (!Array.isArray(x) && !Array.isArray(y) && (isScalar(x) || isScalar(y)))
      throw invalidUse("invalid concatenation of jsonb objects");
  }
  return new JsonbValue([...list(x), ...list(y)]);
});
const deleteKeys = (json: Json, keys: readonly (string | null)[]): Json => {
  if (json instanceof JsonObject)
    return new JsonObject(new Map([...json.members].filter(([key]) => !keys.includes(key))));
  if (Array.isArray(json))
    return (json as readonly Json[]).filter((item) => typeof item !== "string" || !keys.includes(item));
  throw invalidUse("cannot delete from scalar");
};
define("jsonb_delete", (j: J, key: string) => new JsonbValue(deleteKeys(j.json, [key])));
define(
  "jsonb_delete_array",
  (j: J, keys: PgArray) => new JsonbValue(deleteKeys(j.json, keys.elements as (string | null)[])),
);
define("jsonb_delete_idx", (j: J, index: number) => {
  if (j.json instanceof JsonObject) throw invalidUse("cannot delete from object using integer index");
  if (!Array.isArray(j.json)) throw invalidUse("cannot delete from scalar");
  const items = [...(j.json as readonly Json[])];
  const at = index < 0 ? items.length + index : index;
  if (at >= 0 && at < items.length) items.splice(at, 1);
  return new JsonbValue(items);
});
function atPath(
  json: Json,
  path: readonly (string | null)[],
  change: (parent: Json, step: string, position: number) => Json,
  position = 1,
): Json {
  const [step, ...rest] = path;
  if (step === null || step === undefined)
    throw new PgError("22004", `path element at position ${position} is null`);
  if (rest.length === 0) return change(json, step, position);
  if (json instanceof JsonObject) {
    const inner = json.members.get(step);
    if (inner === undefined) return json;
    const members = new Map(json.members);
    members.set(step, atPath(inner, rest, change, position + 1));
    return new JsonObject(members);
  }
  if (Array.isArray(json)) {
    const at = indexAt(json as readonly Json[], step, position);
    if (at < 0 || at >= json.length) return json;
    const items = [...(json as readonly Json[])];
    items[at] = atPath(items[at]!, rest, change, position + 1);
    return items;
  }
  return json;
}
function indexAt(items: readonly Json[], step: string, position: number): number {
  if (!/^\s*[+-]?\d+\s*$/.test(step))
    throw new PgError("22P02", `path element at position ${position} is not an integer: "${step}"`);
  const index = Number(step);
  return index < 0 ? items.length + index : index;
}
define("jsonb_delete_path", (j: J, path: PgArray) => {
  if (isScalar(j.json)) throw invalidUse("cannot delete path in scalar");
  if (path.elements.length === 0) return j;
  return new JsonbValue(
    atPath(j.json, path.elements as (string | null)[], (parent, step, position) => {
      if (parent instanceof JsonObject)
        return new JsonObject(new Map([...parent.members].filter(([key]) => key !== step)));
      if (!Array.isArray(parent)) return parent;
      const items = [...(parent as readonly Json[])];
      const at = indexAt(items, step, position);
      if (at >= 0 && at < items.length) items.splice(at, 1);
      return items;
    }),
  );
});
const set = (j: J, path: PgArray, value: Json, createMissing: boolean): J => {
  if (isScalar(j.json)) throw invalidUse("cannot set path in scalar");
  if (path.elements.length === 0) return j;
  return new JsonbValue(
    atPath(j.json, path.elements as (string | null)[], (parent, step, position) => {
      if (parent instanceof JsonObject) {
        if (!parent.members.has(step) && !createMissing) return parent;
        return makeObject(new Map([...parent.members, [step, value]]));
      }
      if (!Array.isArray(parent)) return parent;
      const items = [...(parent as readonly Json[])];
      const at = indexAt(items, step, position);
      if (at >= 0 && at < items.length) items[at] = value;
      else if (createMissing) {
        if (at < 0) items.unshift(value);
        else items.push(value);
      }
      return items;
    }),
  );
};
define("jsonb_set", (j: J, path: PgArray, value: J, createMissing: boolean) =>
  set(j, path, value.json, createMissing),
);
define(
  "jsonb_set_lax",
  (
    j: J | null,
    path: PgArray | null,
    value: J | null,
    createMissing: boolean | null,
    treatment: string | null,
  ) => {
    if (j === null || path === null || createMissing === null) return null;
    if (value !== null) return set(j, path, value.json, createMissing);
    switch (treatment) {
      case "raise_exception":
        throw new PgError("22004", "JSON value must not be null", {
          detail: 'Exception was raised because null_value_treatment is "raise_exception".',
          hint: "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.",
        });
      case "use_json_null":
        return set(j, path, null, createMissing);
      case "return_target":
        return j;
      case "delete_key":
        return new JsonbValue(
          atPath(j.json, path.elements as string[], (parent, step) =>
            parent instanceof JsonObject
              ? new JsonObject(new Map([...parent.members].filter(([key]) => key !== step)))
              : parent,
          ),
        );
      default:
        throw invalidUse(
          'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"',
        );
    }
  },
);
define("jsonb_insert", (j: J, path: PgArray, value: J, after: boolean) => {
  if (isScalar(j.json)) throw invalidUse("cannot set path in scalar");
  if (path.elements.length === 0) return j;
  return new JsonbValue(
    atPath(j.json, path.elements as (string | null)[], (parent, step, position) => {
      if (parent instanceof JsonObject) {
        if (parent.members.has(step))
          throw new PgError("22023", "cannot replace existing key", {
            hint: "Try using the function jsonb_set to replace key value.",
          });
        return makeObject(new Map([...parent.members, [step, value.json]]));
      }
      if (!Array.isArray(parent)) return parent;
      const items = [...(parent as readonly Json[])];
      const at = Math.max(0, Math.min(items.length, indexAt(items, step, position) + (after ? 1 : 0)));
      items.splice(at, 0, value.json);
      return items;
    }),
  );
});
const strip = (json: Json, inArrays: boolean): Json => {
  if (json instanceof JsonObject)
    return new JsonObject(
      new Map(
        [...json.members]
          .filter(([, value]) => value !== null)
          .map(([key, value]) => [key, strip(value, inArrays)]),
      ),
    );
  if (Array.isArray(json))
    return (json as readonly Json[])
      .filter((item) => !inArrays || item !== null)
      .map((item) => strip(item, inArrays));
  return json;
};
define("jsonb_strip_nulls", (j: J, inArrays: boolean) => new JsonbValue(strip(j.json, inArrays)));
const compactText = (json: Json): string => {
  if (json instanceof JsonObject)
    return `{${[...json.members].map(([key, value]) => `${quoteJson(key)}:${compactText(value)}`).join(",")}}`;
  if (Array.isArray(json)) return `[${(json as readonly Json[]).map(compactText).join(",")}]`;
  return formatJson(json);
};
define("json_strip_nulls", (text: string, inArrays: boolean) =>
  compactText(strip(parseJson(text), inArrays)),
);
define("jsonb_pretty", (j: J) => prettyJson(j.json));

// looking in
const kindOf = (json: Json): string =>
  json === null
    ? "null"
    : typeof json === "string"
      ? "string"
      : typeof json === "boolean"
        ? "boolean"
        : json instanceof Numeric
          ? "number"
          : json instanceof JsonObject
            ? "object"
            : "array";
define("jsonb_typeof", (j: J) => kindOf(j.json));
define("json_typeof", (text: string) => kindOf(parseJson(text, "json")));
const length = (json: Json, name: string): number => {
  if (json instanceof JsonObject) throw invalidUse(`cannot get array length of a non-array`);
  if (!Array.isArray(json)) throw invalidUse(`cannot get array length of a scalar`);
  void name;
  return json.length;
};
define("jsonb_array_length", (j: J) => length(j.json, "jsonb"));
define("json_array_length", (text: string) => length(parseJson(text, "json"), "json"));
const items = (json: Json, name: string): readonly Json[] => {
  if (json instanceof JsonObject) throw invalidUse("cannot extract elements from an object");
  if (!Array.isArray(json)) throw invalidUse("cannot extract elements from a scalar");
  void name;
  return json as readonly Json[];
};
defineSet("jsonb_array_elements", (_call, j: J) => items(j.json, "").map((item) => new JsonbValue(item)));
defineSet("jsonb_array_elements_text", (_call, j: J) => items(j.json, "").map(asText));
const rawItems = (text: string): string[] => {
  const found = rawElements(text);
  if (found === undefined)
    throw invalidUse(
      rawMembers(text) === undefined
        ? "cannot call json_array_elements on a scalar"
        : "cannot call json_array_elements on a non-array",
    );
  return found;
};
defineSet("json_array_elements", (_call, text: string) => rawItems(text));
defineSet("json_array_elements_text", (_call, text: string) =>
  rawItems(text).map((item) => scalarTextOf(item)),
);
const members = (json: Json, name: string): [string, Json][] => {
  if (!(json instanceof JsonObject))
    throw invalidUse(
      `cannot call ${name} on ${Array.isArray(json) ? "an array" : "a scalar"}`
        .replace("on an array", "on a non-object")
        .replace("on a scalar", "on a non-object"),
    );
  return [...json.members];
};
defineSet("jsonb_each", (_call, j: J) =>
  members(j.json, "jsonb_each").map(([key, value]) => [key, new JsonbValue(value)]),
);
defineSet("jsonb_each_text", (_call, j: J) =>
  members(j.json, "jsonb_each_text").map(([key, value]) => [key, asText(value)]),
);
const rawPairs = (text: string, name: string) => {
  const found = rawMembers(text);
  if (found === undefined)
    throw invalidUse(
      rawElements(text) === undefined
        ? `cannot deconstruct a scalar`
        : `cannot deconstruct an array as an object`,
    );
  void name;
  return found;
};
defineSet("json_each", (_call, text: string) =>
  rawPairs(text, "json_each").map(({ key, text: value }) => [key, value]),
);
defineSet("json_each_text", (_call, text: string) =>
  rawPairs(text, "json_each_text").map(({ key, text: value }) => [key, scalarTextOf(value)]),
);
defineSet("jsonb_object_keys", (_call, j: J) => {
  if (!(j.json instanceof JsonObject))
    throw invalidUse(`cannot call jsonb_object_keys on ${Array.isArray(j.json) ? "an array" : "a scalar"}`);
  return [...j.json.members.keys()];
});
defineSet("json_object_keys", (_call, text: string) => {
  const found = rawMembers(text);
  if (found === undefined)
    throw invalidUse(
      `cannot call json_object_keys on ${rawElements(text) === undefined ? "a scalar" : "an array"}`,
    );
  return found.map((m) => m.key);
});

// making
defineWith("to_json", (call, value: Datum) =>
  toJsonText(call.catalog, call.argTypes[0]!, value, call.run.io),
);
defineWith(
  "to_jsonb",
  (call, value: Datum) => new JsonbValue(toJsonb(call.catalog, call.argTypes[0]!, value, call.run.io)),
);
defineWith("row_to_json array_to_json", (call, value: Datum) =>
  toJsonText(call.catalog, call.argTypes[0]!, value, call.run.io),
);
defineWith("row_to_json_pretty array_to_json_pretty", (call, value: Datum, pretty: boolean) =>
  toJsonText(call.catalog, call.argTypes[0]!, value, call.run.io, pretty),
);
/** VARIADIC "any": spread, or the array that came with VARIADIC. */
const spread = (call: CallContext, values: readonly Datum[]): { type: number; value: Datum }[] => {
  if (call.variadic && values.length === 1 && values[0] instanceof PgArray) {
    const element = call.catalog.type(call.argTypes[0]!)?.element || oid.text;
    return values[0].elements.map((value) => ({ type: element, value }));
  }
  return values.map((value, i) => ({ type: call.argTypes[i]!, value }));
};
const odd = (name: string) =>
  new PgError("22023", "argument list must have even number of elements", {
    hint: `The arguments of ${name}() must consist of alternating keys and values.`,
  });
defineWith("json_build_object", (call, ...values: Datum[]) => {
  const list = spread(call, values);
  if (list.length % 2 === 1) throw odd("json_build_object");
  const parts: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const [key, value] = [list[i]!, list[i + 1]!];
    if (key.value === null) throw new PgError("22004", `null value not allowed for object key`);
    parts.push(
      `${quoteJson(keyText(call.catalog, key.type, key.value, call.run.io))} : ${toJsonText(call.catalog, value.type, value.value, call.run.io)}`,
    );
  }
  return `{${parts.join(", ")}}`;
});
defineWith("json_build_object_noargs", () => "{}");
defineWith("jsonb_build_object", (call, ...values: Datum[]) => {
  const list = spread(call, values);
  if (list.length % 2 === 1) throw odd("jsonb_build_object");
  const result = new Map<string, Json>();
  for (let i = 0; i < list.length; i += 2) {
    const [key, value] = [list[i]!, list[i + 1]!];
    if (key.value === null) throw new PgError("22023", `argument ${i + 1}: key must not be null`);
    result.set(
      keyText(call.catalog, key.type, key.value, call.run.io),
      toJsonb(call.catalog, value.type, value.value, call.run.io),
    );
  }
  return new JsonbValue(makeObject(result));
});
defineWith("jsonb_build_object_noargs", () => new JsonbValue(makeObject(new Map())));
defineWith(
  "json_build_array",
  (call, ...values: Datum[]) =>
    `[${spread(call, values)
      .map(({ type, value }) => toJsonText(call.catalog, type, value, call.run.io))
      .join(", ")}]`,
);
defineWith("json_build_array_noargs", () => "[]");
defineWith(
  "jsonb_build_array",
  (call, ...values: Datum[]) =>
    new JsonbValue(
      spread(call, values).map(({ type, value }) => toJsonb(call.catalog, type, value, call.run.io)),
    ),
);
defineWith("jsonb_build_array_noargs", () => new JsonbValue([]));
const pairs = (array: PgArray): [string, string | null][] => {
  const { dimensions, elements } = array;
  if (dimensions.length === 0) return [];
  if (dimensions.length === 1 && elements.length % 2 === 1)
    throw new PgError("2202E", "array must have even number of elements");
  if (dimensions.length === 2 && dimensions[1] !== 2)
    throw new PgError("2202E", "array must have two columns");
  if (dimensions.length > 2) throw new PgError("2202E", "wrong number of array subscripts");
  return Array.from({ length: elements.length / 2 }, (_, i) => {
    const key = elements[i * 2]!;
    if (key === null) throw new PgError("22004", "null value not allowed for object key");
    return [key as string, elements[i * 2 + 1] as string | null];
  });
};
const zipped = (keys: PgArray, values: PgArray): [string, string | null][] => {
  if (keys.elements.length !== values.elements.length)
    throw new PgError("2202E", "mismatched array dimensions");
  return keys.elements.map((key, i) => {
    if (key === null) throw new PgError("22004", "null value not allowed for object key");
    return [key as string, values.elements[i] as string | null];
  });
};
const objectText = (list: readonly [string, string | null][]) =>
  `{${list.map(([key, value]) => `${quoteJson(key)} : ${value === null ? "null" : quoteJson(value)}`).join(", ")}}`;
define("json_object", (array: PgArray) => objectText(pairs(array)));
define("json_object_two_arg", (keys: PgArray, values: PgArray) => objectText(zipped(keys, values)));
define("jsonb_object", (array: PgArray) => new JsonbValue(makeObject(new Map(pairs(array)))));
define(
  "jsonb_object_two_arg",
  (keys: PgArray, values: PgArray) => new JsonbValue(makeObject(new Map(zipped(keys, values)))),
);

// casts
const castError = (json: Json, type: string) => {
  const kind = kindOf(json);
  const words: Readonly<Record<string, string>> = {
    null: "jsonb null",
    string: "jsonb string",
    number: "jsonb numeric",
    boolean: "jsonb boolean",
    array: "jsonb array",
    object: "jsonb object",
  };
  return new PgError("22023", `cannot cast ${words[kind]} to type ${type}`);
};
const numeric = (j: J, type: string): Numeric | null => {
  if (j.json === null) return null;
  if (!(j.json instanceof Numeric)) throw castError(j.json, type);
  return j.json;
};
define("jsonb_bool", (j: J) => {
  if (j.json === null) return null;
  if (typeof j.json !== "boolean") throw castError(j.json, "boolean");
  return j.json;
});
define("jsonb_numeric", (j: J) => numeric(j, "numeric"));
const integer = (j: J, type: string, min: bigint, max: bigint): bigint | null => {
  const value = numeric(j, type)?.round(0).digits;
  if (value === undefined) return null;
  if (value < min || value > max) throw outOfRange(`${type} out of range`);
  return value;
};
const toNumber = (value: bigint | null) => (value === null ? null : Number(value));
define("jsonb_int2", (j: J) => toNumber(integer(j, "smallint", -32768n, 32767n)));
define("jsonb_int4", (j: J) => toNumber(integer(j, "integer", -2147483648n, 2147483647n)));
define("jsonb_int8", (j: J) => integer(j, "bigint", -9223372036854775808n, 9223372036854775807n));
define("jsonb_float4", (j: J) => {
  const value = numeric(j, "real");
  return value === null ? null : Math.fround(value.toNumber());
});
define("jsonb_float8", (j: J) => numeric(j, "double precision")?.toNumber() ?? null);

// into rows
function fromJson(call: CallContext, typeOid: number, typmod: number, json: Json | undefined): Datum {
  if (json === undefined || json === null) return null;
  const type = call.catalog.type(typeOid)!;
  if (typeOid === oid.jsonb) return new JsonbValue(json);
  if (typeOid === oid.json) return formatJson(json);
  if (type.kind === "d") return fromJson(call, type.baseType, type.baseTypmod, json);
  if (type.category === "A" && type.element !== 0 && Array.isArray(json)) {
    const list = (json as readonly Json[]).map((item) => fromJson(call, type.element, typmod, item));
    return new PgArray(list);
  }
  if (type.kind === "c" && json instanceof JsonObject) return populate(call, typeOid, json, null);
  return typeOps(call.catalog, typeOid).input(
    typeof json === "string" ? json : formatJson(json),
    typmod,
    call.run.io,
  );
}
function populate(call: CallContext, typeOid: number, json: Json, base: PgRecord | null): PgRecord {
  if (!(json instanceof JsonObject))
    throw invalidUse(`cannot call populate_composite on ${Array.isArray(json) ? "an array" : "a scalar"}`);
  const relation = call.catalog.get("relation", call.catalog.type(typeOid)?.relation ?? 0);
  const columns = relation?.columns.filter((c) => c.dropped !== true) ?? [];
  const fields =
    columns.length > 0
      ? columns
      : (base?.names.map((name, i) => ({ name, type: base.types[i]!, typmod: -1 })) ?? []);
  if (fields.length === 0)
    throw new PgError("22023", "could not determine row type for result of json_populate_record", {
      hint: "Provide a non-null record argument, or call the function in the FROM clause using a column definition list.",
    });
  const values = fields.map(({ name, type, typmod }, i) =>
    json.members.has(name) ? fromJson(call, type, typmod, json.members.get(name)) : (base?.values[i] ?? null),
  );
  return new PgRecord(
    values,
    fields.map((f) => f.type),
    fields.map((f) => f.name),
    typeOid,
  );
}
const record = (call: CallContext, base: PgRecord | null, json: Json | null) =>
  json === null ? base : populate(call, base?.typeOid ?? call.resultType, json, base);
defineWith("jsonb_populate_record", (call, base: PgRecord | null, j: J | null) =>
  record(call, base, j?.json ?? null),
);
defineWith("json_populate_record", (call, base: PgRecord | null, text: string | null) =>
  record(call, base, text === null ? null : parseJson(text)),
);
defineSet("jsonb_populate_recordset", (call, base: PgRecord | null, j: J) =>
  items(j.json, "").map((item) => populate(call, base?.typeOid ?? call.resultType, item, base)),
);
defineSet("json_populate_recordset", (call, base: PgRecord | null, text: string) =>
  items(parseJson(text), "").map((item) => populate(call, base?.typeOid ?? call.resultType, item, base)),
);
define("jsonb_larger", (a: J, b: J) => (compareJson(a.json, b.json) > 0 ? a : b));

/** json_to_record and the like: the columns are those of the FROM item. */
const toRow = (call: CallContext, json: Json): Datum[] => {
  if (!(json instanceof JsonObject))
    throw invalidUse(
      "cannot call json_to_record on a non-object".replace("json_to_record", "populate_composite"),
    );
  return (call.columns ?? []).map(({ name, type, typmod }) =>
    fromJson(call, type, typmod, json.members.get(name)),
  );
};
defineSet("jsonb_to_record", (call, j: J) => [toRow(call, j.json)]);
defineSet("json_to_record", (call, text: string) => [toRow(call, parseJson(text))]);
defineSet("jsonb_to_recordset", (call, j: J) => items(j.json, "").map((item) => toRow(call, item)));
defineSet("json_to_recordset", (call, text: string) =>
  items(parseJson(text), "").map((item) => toRow(call, item)),
);
