import { recordChange } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { PointValue } from "../values/point.ts";
import {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
} from "../values/temporal.ts";
import { displayOf } from "../values/text.ts";
import { isList, type RelRef, type Value } from "../values/types.ts";
import type { Tokens } from "./tokens.ts";

/** A node or a relationship as it is told; `ref` is a relationship's. */
export interface ToldEntity {
  readonly labels?: readonly number[];
  readonly ref?: RelRef;
  readonly properties: ReadonlyMap<number, Value>;
}

/** Tells those who follow of a node (`labels`) or a relationship (`ref`), as it was and as it is. */
export function recordEntity(
  db: Database,
  tokens: Tokens,
  id: number,
  before: ToldEntity | undefined,
  after: ToldEntity | undefined,
): void {
  recordChange(db, () => ({
    namespace: (after ?? before)!.ref === undefined ? "node" : "relationship",
    key: Buffer.from(`{"id":${id}}`),
    op: before === undefined ? "insert" : after === undefined ? "delete" : "update",
    before: before && Buffer.from(entityText(tokens, before)),
    after: after && Buffer.from(entityText(tokens, after)),
    format: "json",
  }));
}

function entityText(tokens: Tokens, { labels, ref, properties }: ToldEntity): string {
  const members = Array.from(
    properties,
    ([key, value]) => `${JSON.stringify(tokens.name("key", key))}:${valueText(value)}`,
  );
  const what =
    ref === undefined
      ? `"labels":${JSON.stringify((labels ?? []).map((label) => tokens.name("label", label)))}`
      : `"type":${JSON.stringify(tokens.name("type", ref.type))},"start":${ref.start},"end":${ref.end}`;
  return `{${what},"properties":{${members.join(",")}}}`;
}

/** Integers without a point, floats with one or an exponent; what JSON has no word for with its type, as in Neo4j's typed JSON. */
function valueText(value: Value): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return typed("Float", String(value));
    const text = Object.is(value, -0) ? "-0" : String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }
  if (isList(value)) return `[${Array.from(value, valueText).join(",")}]`;
  if (value instanceof Uint8Array) return typed("Base64", Buffer.from(value).toString("base64"));
  if (value instanceof PointValue) {
    const { srid, x, y, z } = value;
    return `{"$type":"Point","_value":{"srid":${srid},"coordinates":[${[x, y, ...(z === undefined ? [] : [z])].map(valueText).join(",")}]}}`;
  }
  const type = temporalTypes.find(([of]) => value instanceof of)?.[1];
  return typed(type ?? "Unsupported", displayOf(value));
}

const temporalTypes = [
  [DateValue, "Date"],
  [TimeValue, "Time"],
  [LocalTimeValue, "LocalTime"],
  [DateTimeValue, "ZonedDateTime"],
  [LocalDateTimeValue, "LocalDateTime"],
  [DurationValue, "Duration"],
] as const;

function typed(type: string, value: string): string {
  return `{"$type":${JSON.stringify(type)},"_value":${JSON.stringify(value)}}`;
}
