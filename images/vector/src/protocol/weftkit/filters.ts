import { invalid } from "../../errors.ts";
import type { Condition, FieldCondition, Filter } from "../../filters/filter.ts";
import type { Message } from "../grpc-server.ts";

/** The filter of a request: equality of members, and `where`. */
export function filterOf(request: Message): Filter | undefined {
  const equal = Object.entries((request.filter ?? {}) as Record<string, string>).map(
    ([name, value]): Condition => ({ key: quoted(name), match: { value } }),
  );
  const where = request.where == null ? undefined : whereOf(request.where as Message);
  if (where === undefined) return equal.length === 0 ? undefined : { must: equal };
  return { must: [...equal, where] };
}

/** The name of a member of metadata is not a path. */
function quoted(name: string): string {
  return /^[\p{L}\p{N}_-]+$/u.test(name) || name.includes('"') ? name : `"${name}"`;
}

function whereOf(filter: Message): Filter {
  const conditions = (list: Message[] | undefined) => (list ?? []).map(conditionOf);
  const [must, should, mustNot] = [
    conditions(filter.must),
    conditions(filter.should),
    conditions(filter.must_not),
  ];
  return {
    ...(must.length > 0 && { must }),
    ...(should.length > 0 && { should }),
    ...(mustNot.length > 0 && { must_not: mustNot }),
  };
}

function conditionOf(condition: Message): Condition {
  switch (condition.condition) {
    case "filter":
      return whereOf(condition.filter as Message);
    case "field":
      return fieldOf(condition.field as Message);
    default:
      throw invalid("a condition is a field or a filter");
  }
}

function fieldOf(field: Message): FieldCondition | { readonly is_empty: { readonly key: string } } {
  const key = String(field.key);
  switch (field.test) {
    case "equals":
      return { key, match: { value: field.equals as string } };
    case "equals_integer":
      return { key, match: { value: integerOf(field.equals_integer) } };
    case "equals_bool":
      return { key, match: { value: field.equals_bool as boolean } };
    case "any_of":
      return { key, match: { any: (field.any_of as { values: string[] }).values } };
    case "range":
    case "datetime_range":
      return { key, range: limitsOf(field[field.test as "range"] as Message) };
    case "geo_radius": {
      const { lon, lat, meters } = field.geo_radius as { lon: number; lat: number; meters: number };
      return { key, geo_radius: { center: { lon, lat }, radius: meters } };
    }
    case "text":
      return { key, match: { text: field.text as string } };
    case "is_empty":
      return { key, is_empty: field.is_empty as boolean };
    default:
      throw invalid(`the condition on ${JSON.stringify(key)} tests nothing`);
  }
}

/** The limits that were set, and not those that are 0 because they were not. */
function limitsOf(range: Message): Record<string, number | string> {
  return Object.fromEntries(
    ["gt", "gte", "lt", "lte"]
      .filter((name) => Object.hasOwn(range as object, name))
      .map((name) => [name, range[name]]),
  );
}

function integerOf(value: { toString(): string }): number | bigint {
  const exact = BigInt(value.toString());
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}
