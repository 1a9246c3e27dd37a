import { PgError } from "../../errors.ts";
import { type Datum, PgArray, PgRecord, type Row } from "../../types/datum.ts";
import { oid } from "../../types/oids.ts";
import type { InnerSql, OutputColumn } from "../inner-sql.ts";
import type { Accessor, Target } from "./ast.ts";
import type { Frame, NameScope, Variable } from "./variables.ts";

/** A value in a variable, in its type. @throws PgError 22004, 22005 */
export function assignVariable(
  sql: InnerSql,
  frame: Frame,
  variable: Variable,
  value: Datum,
  type: number,
): void {
  if (variable.constant) throw new PgError("22005", `variable "${variable.name}" is declared CONSTANT`);
  if (variable.type === oid.record) {
    if (value !== null && !(value instanceof PgRecord))
      throw new PgError("42804", "cannot assign non-composite value to a record variable");
    frame[variable.slot] = value;
    return;
  }
  const converted = sql.convert(value, type, variable);
  if (converted === null && variable.notNull)
    throw new PgError(
      "22004",
      `null value cannot be assigned to variable "${variable.name}" declared NOT NULL`,
    );
  frame[variable.slot] = converted;
}

/** `target := expression` */
export function assignTo(sql: InnerSql, frame: Frame, scope: NameScope, target: Target, text: string): void {
  const found = resolveTarget(scope, target);
  const { variable, path } = found;
  if (path.length === 0) {
    if (variable.constant) throw new PgError("22005", `variable "${variable.name}" is declared CONSTANT`);
    if (variable.type === oid.record) {
      const { value, type } = sql.typedValue(text, scope, frame);
      assignVariable(sql, frame, variable, value, type);
      return;
    }
    const value = sql.value(text, scope, frame, variable);
    if (value === null && variable.notNull)
      throw new PgError(
        "22004",
        `null value cannot be assigned to variable "${variable.name}" declared NOT NULL`,
      );
    frame[variable.slot] = value;
    return;
  }
  const { value, type } = sql.typedValue(text, scope, frame);
  store(sql, frame, scope, target, value, type);
}

interface Found {
  readonly variable: Variable;
  readonly path: readonly Accessor[];
}

/** @throws PgError 42601 */
function resolveTarget(scope: NameScope, target: Target): Found {
  const found = scope.resolve(target.names);
  if (found === undefined) throw new PgError("42601", `"${target.names.join(".")}" is not a known variable`);
  return {
    variable: found.variable,
    path: [...found.fields.map((field) => ({ field })), ...target.rest],
  };
}

function store(
  sql: InnerSql,
  frame: Frame,
  scope: NameScope,
  target: Target,
  value: Datum,
  type: number,
): void {
  const { variable, path } = resolveTarget(scope, target);
  if (path.length === 0) {
    assignVariable(sql, frame, variable, value, type);
    return;
  }
  if (variable.constant) throw new PgError("22005", `variable "${variable.name}" is declared CONSTANT`);
  const current = frame[variable.slot] ?? null;
  frame[variable.slot] = within(sql, frame, scope, variable, { value: current, type: variable.type }, path, {
    value,
    type,
  });
}

interface Typed {
  readonly value: Datum;
  readonly type: number;
}

/** `container` with the place at `path` changed. */
function within(
  sql: InnerSql,
  frame: Frame,
  scope: NameScope,
  variable: Variable,
  container: Typed,
  path: readonly Accessor[],
  given: Typed,
): Datum {
  const [step, ...rest] = path;
  if (step === undefined) return sql.convert(given.value, given.type, { type: container.type, typmod: -1 });
  if ("field" in step) return withField(sql, frame, scope, variable, container, step.field, rest, given);
  const info = sql.session.catalog.type(container.type);
  const element = info?.element ?? 0;
  if (element === 0)
    throw new PgError(
      "42804",
      `cannot subscript type ${info?.name ?? "record"} because it does not support subscripting`,
    );
  const indexes: number[] = [];
  let at = 0;
  for (; at < path.length; at++) {
    const accessor = path[at]!;
    if (!("index" in accessor)) break;
    const index = sql.value(accessor.index, scope, frame, { type: oid.int4, typmod: -1 });
    if (index === null) throw new PgError("22004", "array subscript in assignment must not be null");
    indexes.push(index as number);
  }
  const beyond = path[at];
  if (beyond !== undefined && "lower" in beyond)
    throw new PgError("0A000", "assignment to an array slice is not supported in PL/pgSQL");
  const array = (container.value as PgArray | null) ?? new PgArray([]);
  const old = { value: elementOf(array, indexes), type: element };
  const value = within(sql, frame, scope, variable, old, path.slice(at), given);
  return withElement(array, indexes, value);
}

function withField(
  sql: InnerSql,
  frame: Frame,
  scope: NameScope,
  variable: Variable,
  container: Typed,
  field: string,
  rest: readonly Accessor[],
  given: Typed,
): Datum {
  const record = container.value instanceof PgRecord ? container.value : emptyRecord(sql, container.type);
  if (record === undefined)
    throw new PgError("55000", `record "${variable.name}" is not assigned yet`, {
      detail: "The tuple structure of a not-yet-assigned record is indeterminate.",
    });
  const at = record.names.indexOf(field);
  if (at < 0) throw new PgError("42703", `record "${variable.name}" has no field "${field}"`);
  const values = [...record.values];
  const old = { value: values[at] ?? null, type: record.types[at]! };
  values[at] = within(sql, frame, scope, variable, old, rest, given);
  return new PgRecord(values, record.types, record.names, record.typeOid);
}

/** A value of a composite type with nothing but NULLs. */
export function emptyRecord(sql: InnerSql, type: number): PgRecord | undefined {
  const info = sql.session.catalog.type(type);
  const relation = info?.kind === "c" ? sql.session.catalog.get("relation", info.relation) : undefined;
  if (relation === undefined) return undefined;
  const live = relation.columns.filter((column) => column.dropped !== true);
  return new PgRecord(
    live.map(() => null),
    live.map((column) => column.type),
    live.map((column) => column.name),
    type,
  );
}

function elementOf(array: PgArray, indexes: readonly number[]): Datum {
  if (array.dimensions.length !== indexes.length) return null;
  let position = 0;
  for (const [i, index] of indexes.entries()) {
    const offset = index - array.lowerBounds[i]!;
    if (offset < 0 || offset >= array.dimensions[i]!) return null;
    position = position * array.dimensions[i]! + offset;
  }
  return array.elements[position] ?? null;
}

const elementsMax = 16_777_216;

/** An array with one element set; of one dimension it grows, with NULLs in between. @throws PgError 2202E */
function withElement(array: PgArray, indexes: readonly number[], value: Datum): PgArray {
  const count = array.dimensions.length;
  if (count === 0) {
    return new PgArray(
      [value],
      indexes.map(() => 1),
      [...indexes],
    );
  }
  if (indexes.length !== count) throw new PgError("2202E", "wrong number of array subscripts");
  if (count > 1) {
    let position = 0;
    for (const [i, index] of indexes.entries()) {
      const offset = index - array.lowerBounds[i]!;
      if (offset < 0 || offset >= array.dimensions[i]!)
        throw new PgError("2202E", "array subscript out of range");
      position = position * array.dimensions[i]! + offset;
    }
    const elements = [...array.elements];
    elements[position] = value;
    return new PgArray(elements, array.dimensions, array.lowerBounds);
  }
  const index = indexes[0]!;
  const lower = array.lowerBounds[0]!;
  const size = array.dimensions[0]!;
  const first = Math.min(lower, index);
  const last = Math.max(lower + size - 1, index);
  if (last - first + 1 > elementsMax)
    throw new PgError("54000", `array size exceeds the maximum allowed (${elementsMax})`);
  const elements: Datum[] = [...array.elements];
  for (let at = lower - 1; at >= first; at--) elements.unshift(null);
  while (elements.length < last - first + 1) elements.push(null);
  elements[index - first] = value;
  return new PgArray(elements, [elements.length], [first]);
}

/** A row in the targets of INTO or a loop: one record for all of it, or one target for each column. */
export function storeRow(
  sql: InnerSql,
  frame: Frame,
  scope: NameScope,
  targets: readonly Target[],
  columns: readonly OutputColumn[],
  row: Row | undefined,
): void {
  const [only] = targets;
  if (targets.length === 1 && only !== undefined) {
    const { variable, path } = resolveTarget(scope, only);
    const info = path.length > 0 ? undefined : sql.session.catalog.type(variable.type);
    const isComposite = path.length === 0 && (variable.type === oid.record || info?.kind === "c");
    if (isComposite) {
      storeRecord(sql, frame, variable, columns, row);
      return;
    }
  }
  for (const [i, target] of targets.entries()) {
    const column = columns[i];
    store(
      sql,
      frame,
      scope,
      target,
      column === undefined ? null : (row?.[i] ?? null),
      column?.type ?? oid.text,
    );
  }
}

function storeRecord(
  sql: InnerSql,
  frame: Frame,
  variable: Variable,
  columns: readonly OutputColumn[],
  row: Row | undefined,
): void {
  const { catalog } = sql.session;
  // A single composite column is the record itself.
  const [first] = columns;
  if (columns.length === 1 && first !== undefined) {
    const isComposite = first.type === oid.record || catalog.type(first.type)?.kind === "c";
    if (isComposite && (row === undefined || row[0] instanceof PgRecord || row[0] === null)) {
      const value = row?.[0] ?? null;
      if (variable.type === oid.record || variable.type === first.type || value === null) {
        frame[variable.slot] = value ?? (variable.type === oid.record ? null : null);
        return;
      }
    }
  }
  if (variable.type === oid.record) {
    frame[variable.slot] = new PgRecord(
      row ?? columns.map(() => null),
      columns.map((column) => column.type),
      columns.map((column) => column.name),
    );
    return;
  }
  const empty = emptyRecord(sql, variable.type)!;
  if (row === undefined) {
    frame[variable.slot] = null;
    return;
  }
  frame[variable.slot] = new PgRecord(
    empty.types.map((type, i) =>
      columns[i] === undefined ? null : sql.convert(row[i] ?? null, columns[i].type, { type, typmod: -1 }),
    ),
    empty.types,
    empty.names,
    variable.type,
  );
}
