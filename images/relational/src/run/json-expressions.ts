import type { SpecialExpr } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import { asText } from "../functions/json.ts";
import { pathItems } from "../functions/json-path.ts";
import { rawElements, rawMembers } from "../functions/raw-json.ts";
import { keyText, toJsonb, toJsonText } from "../functions/to-json.ts";
import { type Datum, JsonbValue } from "../types/datum.ts";
import { formatJson, makeObject, parseJson, quoteJson } from "../types/json-text.ts";
import { type Json, JsonObject } from "../types/json-value.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { decodeText } from "../types/texts.ts";
import type { Compiled, ExprCompiler } from "./compiler.ts";
import type { Env } from "./exec.ts";

/** SQL/JSON, as it is computed; undefined for other expressions. */
export function compileJson(
  compiler: ExprCompiler,
  expr: SpecialExpr,
  args: readonly Compiled[],
): Compiled | undefined {
  const { catalog } = compiler;
  const types = expr.args.map(({ type }) => type);
  const textOf = (i: number, value: Datum, env: Env) => toJsonText(catalog, types[i]!, value, env.exec.io);
  const jsonOf = (i: number, value: Datum, env: Env) => toJsonb(catalog, types[i]!, value, env.exec.io);
  const isBinary = expr.type === oid.jsonb;
  const { options } = expr;
  switch (expr.name) {
    case "jsonObject":
      return (row, env) => {
        const members: [string, Datum | Json, number][] = [];
        const seen = new Set<string>();
        for (let i = 0; i < args.length; i += 2) {
          const key = args[i]!(row, env);
          const value = args[i + 1]!(row, env);
          if (key === null) throw new PgError("22004", "null value not allowed for object key");
          const name = keyText(catalog, types[i]!, key, env.exec.io);
          if (options.unique === true && seen.has(name))
            throw new PgError(
              "22030",
              `duplicate JSON object key value: ${isBinary ? "" : quoteJson(name)}`.replace(/: $/, ""),
            );
          seen.add(name);
          if (value === null && options.absent === true) continue;
          members.push([name, value, i + 1]);
        }
        if (isBinary)
          return new JsonbValue(
            makeObject(new Map(members.map(([name, value, i]) => [name, jsonOf(i, value as Datum, env)]))),
          );
        return `{${members.map(([name, value, i]) => `${quoteJson(name)} : ${textOf(i, value as Datum, env)}`).join(", ")}}`;
      };
    case "jsonArray":
      return (row, env) => {
        const values = args
          .map((arg, i) => ({ i, value: arg(row, env) }))
          .filter(({ value }) => value !== null || options.absent !== true);
        if (isBinary) return new JsonbValue(values.map(({ i, value }) => jsonOf(i, value, env)));
        return `[${values.map(({ i, value }) => textOf(i, value, env)).join(", ")}]`;
      };
    case "jsonScalar":
      return (row, env) => {
        const value = args[0]!(row, env);
        return value === null ? null : textOf(0, value, env);
      };
    case "jsonParse":
      return (row, env) => {
        const text = args[0]!(row, env) as string | null;
        if (text !== null && options.unique === true && !hasUniqueKeys(text))
          throw new PgError("22030", "duplicate JSON object key value");
        return text;
      };
    case "isJson":
      return (row, env) => isJson(args[0]!(row, env), types[0]!, options);
    case "bytesAsText":
      return (row, env) => {
        const bytes = args[0]!(row, env) as Uint8Array | null;
        return bytes === null ? null : decodeText(Buffer.from(bytes));
      };
    case "textAsBytes":
      return (row, env) => {
        const text = args[0]!(row, env) as string | null;
        return text === null ? null : (Buffer.from(text) as never);
      };
    case "jsonAsk":
      return compileAsk(compiler, expr, args);
    default:
      return undefined;
  }
}

/** Whether no object of a text, on any level, has a key twice. The text is valid. */
function hasUniqueKeys(text: string): boolean {
  const members = rawMembers(text);
  if (members !== undefined)
    return (
      new Set(members.map(({ key }) => key)).size === members.length &&
      members.every((member) => hasUniqueKeys(member.text))
    );
  return (rawElements(text) ?? []).every(hasUniqueKeys);
}

function isJson(value: Datum, type: number, { item, unique }: SpecialExpr["options"]): boolean | null {
  if (value === null) return null;
  let json: Json;
  let text: string | undefined;
  try {
    if (type === oid.jsonb) json = (value as JsonbValue).json;
    else {
      text = type === oid.bytea ? decodeText(Buffer.from(value as never)) : (value as string);
      json = parseJson(text, "json");
    }
  } catch (error) {
    if (error instanceof PgError) return false;
    throw error;
  }
  if (unique === true && text !== undefined && !hasUniqueKeys(text)) return false;
  const isObject = json instanceof JsonObject;
  const isArray = Array.isArray(json);
  return (
    item === "any" || (item === "object" ? isObject : item === "array" ? isArray : !isObject && !isArray)
  );
}

/** Nothing was found for a path. */
const empty = Symbol("empty");

function compileAsk(compiler: ExprCompiler, expr: SpecialExpr, args: readonly Compiled[]): Compiled {
  const { catalog } = compiler;
  const { op, wrapper, omitsQuotes, onEmpty, onError, typmod } = expr.options as {
    op: "exists" | "value" | "query";
    wrapper: string;
    omitsQuotes: boolean;
    onEmpty: string;
    onError: string;
    typmod: number;
  };
  const names = expr.options.names as readonly string[];
  const types = expr.options.types as readonly number[];
  const ops = typeOps(catalog, expr.type);
  const [context, path] = args as [Compiled, Compiled];
  const variables = args.slice(2, 2 + names.length);
  const defaults = args.slice(2 + names.length);
  const emptyDefault = onEmpty === "default" ? defaults[0] : undefined;
  const errorDefault = onError === "default" ? defaults.at(-1) : undefined;
  const read = (text: string, env: Env): Datum => ops.input(text, typmod, env.exec.io);
  const value = (items: readonly Json[], env: Env): Datum | typeof empty => {
    if (items.length === 0) return empty;
    const [item] = items;
    if (items.length > 1)
      throw new PgError("22034", "JSON path expression in JSON_VALUE must return single scalar item");
    if (item instanceof JsonObject || Array.isArray(item))
      throw new PgError("2203F", "JSON path expression in JSON_VALUE must return single scalar item");
    // As PostgreSQL writes a boolean value, which is not as JSON does.
    const text = typeof item === "boolean" ? (item ? "t" : "f") : asText(item);
    return text === null ? null : read(text, env);
  };
  const query = (items: readonly Json[], env: Env): Datum | typeof empty => {
    if (items.length === 0) return empty;
    const [only] = items as [Json];
    const wraps = wrapper === "unconditional" || (wrapper === "conditional" && items.length > 1);
    if (!wraps && items.length > 1)
      throw new PgError(
        "22034",
        "JSON path expression in JSON_QUERY must return single item when no wrapper is requested",
        { hint: "Use the WITH WRAPPER clause to wrap SQL/JSON items into an array." },
      );
    const json: Json = wraps ? items : only;
    if (omitsQuotes && typeof json === "string") return read(json, env);
    return expr.type === oid.jsonb ? new JsonbValue(json) : read(formatJson(json), env);
  };
  const behave = (what: string, given: Compiled | undefined, row: never, env: Env): Datum => {
    switch (what) {
      case "default":
        return given!(row, env);
      case "true":
        return true;
      case "false":
        return false;
      case "empty":
      case "empty_array":
        return expr.type === oid.jsonb ? new JsonbValue([]) : read("[]", env);
      case "empty_object":
        return expr.type === oid.jsonb ? new JsonbValue(makeObject(new Map())) : read("{}", env);
      default:
        return null;
    }
  };
  return (row, env) => {
    const document = context(row, env) as JsonbValue | null;
    const text = path(row, env) as string | null;
    if (document === null || text === null) return null;
    const given = new Map<string, Json>();
    for (const [i, name] of names.entries())
      given.set(name, toJsonb(catalog, types[i]!, variables[i]!(row, env), env.exec.io));
    let found: Datum | typeof empty;
    try {
      const items = pathItems(document.json, text, makeObject(given), false);
      if (op === "exists") {
        const exists = items.length > 0;
        return expr.type === oid.bool ? exists : read(exists ? "true" : "false", env);
      }
      found = op === "value" ? value(items, env) : query(items, env);
      if (found !== empty) return found;
      if (onEmpty === "error") throw new PgError("22035", "no SQL/JSON item found for specified path");
    } catch (error) {
      if (!(error instanceof PgError) || onError === "error") throw error;
      if (onEmpty === "error" && error.code === "22035") throw error;
      return behave(onError === "" && op === "exists" ? "false" : onError, errorDefault, row as never, env);
    }
    return behave(onEmpty, emptyDefault, row as never, env);
  };
}
