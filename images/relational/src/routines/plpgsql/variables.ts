import type { AnalyseContext, Variables } from "../../analyse/context.ts";
import type { Expr } from "../../analyse/expr.ts";
import { compositeFields } from "../../analyse/fields.ts";
import { PgError } from "../../errors.ts";
import { type Datum, PgRecord } from "../../types/datum.ts";
import { oid } from "../../types/oids.ts";

/** A variable of a routine. */
export interface Variable {
  readonly slot: number;
  readonly name: string;
  /** `record` for one whose fields come with its value. */
  readonly type: number;
  readonly typmod: number;
  readonly constant: boolean;
  readonly notNull: boolean;
}

/** The values of one call's variables, by slot. */
export type Frame = Datum[];

/** The names that a block or loop declares. */
export class NameScope {
  readonly parent: NameScope | undefined;
  readonly label: string | undefined;
  readonly names = new Map<string, Variable>();
  /** What was made of the SQL in it, by its text. */
  readonly prepared = new Map<string, unknown>();

  constructor(parent: NameScope | undefined, label: string | undefined) {
    this.parent = parent;
    this.label = label;
  }

  find(name: string): Variable | undefined {
    for (let at: NameScope | undefined = this; at !== undefined; at = at.parent) {
      const found = at.names.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  labelled(label: string): NameScope | undefined {
    for (let at: NameScope | undefined = this; at !== undefined; at = at.parent)
      if (at.label === label) return at;
    return undefined;
  }

  /** The variable that names mean, and what is left of them: a field. */
  resolve(
    names: readonly string[],
  ): { readonly variable: Variable; readonly fields: readonly string[] } | undefined {
    const own = this.find(names[0]!);
    if (own !== undefined) return { variable: own, fields: names.slice(1) };
    if (names.length < 2) return undefined;
    const found = this.labelled(names[0]!)?.names.get(names[1]!);
    return found === undefined ? undefined : { variable: found, fields: names.slice(2) };
  }
}

/** Where a parameter of a statement takes its value from. */
interface Binding {
  readonly variable: Variable;
  /** The position of a field in a record, or the whole value. */
  readonly field: number | undefined;
}

/** The fields of a record as a statement was made for them. */
interface Shape {
  readonly variable: Variable;
  readonly types: readonly number[];
  readonly names: readonly string[];
}

/** The variables that one statement uses: each is a parameter of it. */
export class StatementVariables implements Variables {
  readonly onConflict: "error" | "column";
  readonly #scope: NameScope;
  readonly #frame: Frame;
  readonly #bindings: Binding[] = [];
  readonly #shapes: Shape[] = [];
  readonly #first: number;

  /** `first` parameters are the routine's arguments. */
  constructor(scope: NameScope, frame: Frame, first: number, onConflict: "error" | "column") {
    this.#scope = scope;
    this.#frame = frame;
    this.#first = first;
    this.onConflict = onConflict;
  }

  resolve(ctx: AnalyseContext, names: readonly string[]): Expr | undefined {
    const found = this.#scope.resolve(names);
    if (found === undefined || found.fields.length > 1) return undefined;
    const { variable, fields } = found;
    const [field] = fields;
    const isRecord = variable.type === oid.record;
    if (field === undefined) {
      if (!isRecord) return this.#parameter(ctx, variable, undefined, variable.type, variable.typmod);
      const record = this.#record(variable);
      return {
        kind: "row",
        fields: record.types.map((type, i) => this.#parameter(ctx, variable, i, type, -1)),
        names: record.names,
        type: oid.record,
        typmod: -1,
      };
    }
    if (isRecord) {
      const record = this.#record(variable);
      const at = record.names.indexOf(field);
      if (at < 0) throw noField(variable.name, field);
      return this.#parameter(ctx, variable, at, record.types[at]!, -1);
    }
    const declared = compositeFields(ctx, variable.type);
    if (declared === undefined) return undefined;
    const at = declared.findIndex(({ name }) => name === field);
    if (at < 0) throw noField(variable.name, field);
    return this.#parameter(ctx, variable, at, declared[at]!.type, declared[at]!.typmod);
  }

  #record(variable: Variable): PgRecord {
    const record = this.#frame[variable.slot];
    if (!(record instanceof PgRecord)) throw notAssigned(variable.name);
    if (!this.#shapes.some((shape) => shape.variable === variable))
      this.#shapes.push({ variable, types: record.types, names: record.names });
    return record;
  }

  #parameter(
    ctx: AnalyseContext,
    variable: Variable,
    field: number | undefined,
    type: number,
    typmod: number,
  ): Expr {
    let at = this.#bindings.findIndex((b) => b.variable === variable && b.field === field);
    if (at < 0) {
      at = this.#bindings.push({ variable, field }) - 1;
      ctx.params.push(type);
    }
    const collation = ctx.catalog.type(type)?.collation ?? 0;
    return { kind: "param", index: this.#first + at, type, typmod, collation };
  }

  /** Whether records still have the fields that the statement was made for. */
  fits(frame: Frame): boolean {
    for (const { variable, types, names } of this.#shapes) {
      const record = frame[variable.slot];
      if (!(record instanceof PgRecord)) throw notAssigned(variable.name);
      if (record.types !== types && record.types.join() !== types.join()) return false;
      if (record.names !== names && record.names.join("\0") !== names.join("\0")) return false;
    }
    return true;
  }

  /** The values of the parameters, behind those of the arguments. */
  values(frame: Frame): Datum[] {
    const values = frame.slice(0, this.#first);
    for (const { variable, field } of this.#bindings) {
      const value = frame[variable.slot] ?? null;
      if (field === undefined) values.push(value);
      else values.push(value instanceof PgRecord ? (value.values[field] ?? null) : null);
    }
    return values;
  }
}

function noField(record: string, field: string): PgError {
  return new PgError("42703", `record "${record}" has no field "${field}"`);
}

function notAssigned(name: string): PgError {
  return new PgError("55000", `record "${name}" is not assigned yet`, {
    detail: "The tuple structure of a not-yet-assigned record is indeterminate.",
  });
}
