import { type PackValue, type PackWriter, Structure, valueTags } from "@weftkit/wire-bolt";
import { CypherError } from "../errors.ts";
import { nanosPerSecond } from "../values/calendar.ts";
import { type Hydrated, HydratedNode, HydratedPath, HydratedRel } from "../values/hydrated-entities.ts";
import { dateTimeInZone, inZone } from "../values/parse-temporal.ts";
import { isSrid, PointValue } from "../values/point.ts";
import {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
  utcOf,
} from "../values/temporal.ts";
import type { CypherMap, Value } from "../values/types.ts";

/** What differs between versions in how values are written. */
export interface ValueForm {
  /** From 5.0: entities have element ids. */
  readonly hasElementIds: boolean;
  /** From 5.0, or with the patch "utc": date-times are instants. */
  readonly isUtc: boolean;
}

function epochSeconds(days: number, nanos: number): bigint {
  return BigInt(days) * 86_400n + BigInt(Math.floor(nanos / nanosPerSecond));
}

function fraction(nanos: number): bigint {
  return BigInt(nanos % nanosPerSecond);
}

/** Writes values of results. */
export class ValueWriter {
  readonly out: PackWriter;
  readonly #form: ValueForm;

  constructor(out: PackWriter, form: ValueForm) {
    this.out = out;
    this.#form = form;
  }

  value(value: Hydrated): void {
    const { out } = this;
    if (value === null || typeof value !== "object" || value instanceof Uint8Array) out.value(value);
    else if (Array.isArray(value)) {
      out.list(value.length);
      for (const item of value as readonly Hydrated[]) this.value(item);
    } else if (value instanceof Map) this.#map(value as ReadonlyMap<string, Hydrated>);
    else if (value instanceof HydratedNode) this.#node(value);
    else if (value instanceof HydratedRel) this.#rel(value);
    else if (value instanceof HydratedPath) this.#path(value);
    else if (value instanceof PointValue) this.#point(value);
    else this.#temporal(value as DateValue);
  }

  #map(map: ReadonlyMap<string, Hydrated>): void {
    this.out.mapHead(map.size);
    for (const [key, item] of map) {
      this.out.string(key);
      this.value(item);
    }
  }

  #integers(tag: number, ...fields: readonly (bigint | number)[]): void {
    this.out.structure(tag, fields.length);
    for (const field of fields) this.out.integer(BigInt(field));
  }

  #node({ id, elementId, labels, properties }: HydratedNode): void {
    const { out } = this;
    out.structure(valueTags.node, this.#form.hasElementIds ? 4 : 3);
    out.integer(BigInt(id));
    out.value(labels);
    this.#map(properties as ReadonlyMap<string, Hydrated>);
    if (this.#form.hasElementIds) out.string(elementId);
  }

  #rel(rel: HydratedRel): void {
    const { out } = this;
    out.structure(valueTags.relationship, this.#form.hasElementIds ? 8 : 5);
    for (const id of [rel.id, rel.start, rel.end]) out.integer(BigInt(id));
    out.string(rel.type);
    this.#map(rel.properties as ReadonlyMap<string, Hydrated>);
    if (this.#form.hasElementIds)
      for (const id of [rel.elementId, rel.startElementId, rel.endElementId]) out.string(id);
  }

  #unboundRel(rel: HydratedRel): void {
    const { out } = this;
    out.structure(valueTags.unboundRelationship, this.#form.hasElementIds ? 4 : 3);
    out.integer(BigInt(rel.id));
    out.string(rel.type);
    this.#map(rel.properties as ReadonlyMap<string, Hydrated>);
    if (this.#form.hasElementIds) out.string(rel.elementId);
  }

  #path({ nodes, rels }: HydratedPath): void {
    const { out } = this;
    const nodeIndex = new Map<number, number>();
    const distinctNodes: HydratedNode[] = [];
    for (const node of nodes) {
      if (nodeIndex.has(node.id)) continue;
      nodeIndex.set(node.id, distinctNodes.length);
      distinctNodes.push(node);
    }
    const relIndex = new Map<number, number>();
    const distinctRels: HydratedRel[] = [];
    for (const rel of rels) {
      if (relIndex.has(rel.id)) continue;
      relIndex.set(rel.id, distinctRels.length);
      distinctRels.push(rel);
    }
    out.structure(valueTags.path, 3);
    out.list(distinctNodes.length);
    for (const node of distinctNodes) this.#node(node);
    out.list(distinctRels.length);
    for (const rel of distinctRels) this.#unboundRel(rel);
    out.list(rels.length * 2);
    for (const [i, rel] of rels.entries()) {
      const index = relIndex.get(rel.id)! + 1;
      out.integer(BigInt(rel.start === nodes[i]!.id ? index : -index));
      out.integer(BigInt(nodeIndex.get(nodes[i + 1]!.id)!));
    }
  }

  #point({ srid, x, y, z }: PointValue): void {
    const { out } = this;
    out.structure(z === undefined ? valueTags.point2d : valueTags.point3d, z === undefined ? 3 : 4);
    out.integer(BigInt(srid));
    for (const coordinate of z === undefined ? [x, y] : [x, y, z]) out.value(coordinate);
  }

  #temporal(
    value: DateValue | LocalTimeValue | TimeValue | LocalDateTimeValue | DateTimeValue | DurationValue,
  ): void {
    if (value instanceof DateValue) this.#integers(valueTags.date, value.days);
    else if (value instanceof LocalTimeValue) this.#integers(valueTags.localTime, value.nanos);
    else if (value instanceof TimeValue) this.#integers(valueTags.time, value.nanos, value.offset);
    else if (value instanceof LocalDateTimeValue)
      this.#integers(valueTags.localDateTime, epochSeconds(value.days, value.nanos), fraction(value.nanos));
    else if (value instanceof DurationValue)
      this.#integers(valueTags.duration, value.months, value.days, value.seconds, value.nanos);
    else this.#dateTime(value);
  }

  #dateTime(value: DateTimeValue): void {
    const { out } = this;
    const { isUtc } = this.#form;
    const { days, nanos } = isUtc ? utcOf(value) : value;
    const seconds = epochSeconds(days, nanos);
    if (value.zone === undefined) {
      this.#integers(
        isUtc ? valueTags.dateTime : valueTags.legacyDateTime,
        seconds,
        fraction(nanos),
        value.offset,
      );
      return;
    }
    out.structure(isUtc ? valueTags.dateTimeZoneId : valueTags.legacyDateTimeZoneId, 3);
    out.integer(seconds);
    out.integer(fraction(nanos));
    out.string(value.zone);
  }
}

function invalid(what: string): CypherError {
  return new CypherError("Neo.ClientError.Request.Invalid", `Illegal value for a parameter: ${what}`);
}

function integer(value: PackValue | undefined): bigint {
  if (typeof value === "bigint") return value;
  throw invalid("an integer was expected in a structure");
}

function number(value: PackValue | undefined): number {
  return Number(integer(value));
}

function split(seconds: bigint, nanos: bigint): readonly [days: number, nanos: number] {
  const day = seconds >= 0n ? seconds / 86_400n : -((-seconds + 86_399n) / 86_400n);
  return [Number(day), Number(seconds - day * 86_400n) * nanosPerSecond + Number(nanos)];
}

function structureValue({ tag, fields }: Structure): Value {
  const [a, b, c, d] = fields;
  switch (tag) {
    case valueTags.date:
      return new DateValue(number(a));
    case valueTags.time:
      return new TimeValue(number(a), number(b));
    case valueTags.localTime:
      return new LocalTimeValue(number(a));
    case valueTags.localDateTime:
      return new LocalDateTimeValue(...split(integer(a), integer(b)));
    case valueTags.dateTime: {
      const offset = number(c);
      const [days, nanos] = split(integer(a) + BigInt(offset), integer(b));
      return new DateTimeValue(days, nanos, offset, undefined);
    }
    case valueTags.dateTimeZoneId:
      return inZone(...split(integer(a), integer(b)), String(c));
    case valueTags.legacyDateTime:
      return new DateTimeValue(...split(integer(a), integer(b)), number(c), undefined);
    case valueTags.legacyDateTimeZoneId:
      return dateTimeInZone(...split(integer(a), integer(b)), String(c));
    case valueTags.duration:
      return new DurationValue(number(a), number(b), integer(c), number(d));
    case valueTags.point2d:
    case valueTags.point3d: {
      const srid = number(a);
      if (!isSrid(srid)) throw invalid(`the unknown coordinate reference system ${srid}`);
      return new PointValue(srid, Number(b), Number(c), tag === valueTags.point3d ? Number(d) : undefined);
    }
  }
  throw invalid("nodes, relationships and paths cannot be parameters");
}

/** A parameter as a value of Cypher. @throws CypherError */
export function parameterValue(value: PackValue): Value {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  if (value instanceof Structure) return structureValue(value);
  if (value instanceof Map) return parameterMap(value as ReadonlyMap<string, PackValue>);
  return (value as readonly PackValue[]).map(parameterValue);
}

export function parameterMap(map: ReadonlyMap<string, PackValue>): CypherMap {
  const values = new Map<string, Value>();
  for (const [key, item] of map) values.set(key, parameterValue(item));
  return values;
}
