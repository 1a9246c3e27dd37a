import { pgAggregateRows } from "./data/aggregates.ts";
import { pgCastRows } from "./data/casts.ts";
import { pgOpclassRows } from "./data/opclasses.ts";
import { pgOperatorRows } from "./data/operators.ts";
import { pgProcRows } from "./data/procs.ts";
import { pgRangeRows } from "./data/ranges.ts";
import { pgTypeRows } from "./data/types.ts";
import {
  type Aggregate,
  bootstrapRole,
  type Cast,
  catalogNamespace,
  type Operator,
  type Proc,
  type TypeInfo,
} from "./model.ts";

/** PostgreSQL's built-in types, functions, operators and casts, read from the data once for the process. */

function rows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

const number = (text: string | undefined) => Number(text ?? 0);
const numbers = (text: string | undefined) =>
  text === undefined || text === "" ? [] : text.split(" ").map(Number);

function grouped<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

const ranges = new Map(
  rows(pgRangeRows).map(([range, subtype, multirange]) => [
    number(range),
    { subtype: number(subtype), multirange: number(multirange) },
  ]),
);

export const builtinTypes: ReadonlyMap<number, TypeInfo> = new Map(
  rows(pgTypeRows).map((f) => {
    const range = ranges.get(number(f[0]));
    const type: TypeInfo = {
      oid: number(f[0]),
      name: f[1]!,
      namespace: catalogNamespace,
      owner: bootstrapRole,
      length: number(f[2]),
      byValue: f[3] === "1",
      kind: f[4] as TypeInfo["kind"],
      category: f[5]!,
      preferred: f[6] === "1",
      delimiter: f[7]!,
      relation: number(f[8]),
      element: number(f[9]),
      array: number(f[10]),
      functions: f.slice(11, 17).map(Number),
      align: f[17]!,
      storage: f[18]!,
      baseType: number(f[19]),
      baseTypmod: -1,
      notNull: false,
      dimensions: 0,
      subscript: number(f[20]),
      collation: number(f[21]),
      ...(range === undefined ? {} : { range }),
    };
    return [type.oid, type] as const;
  }),
);

/** The range type of each multirange type. */
export const rangeOfMultirange: ReadonlyMap<number, number> = new Map(
  [...ranges].map(([range, { multirange }]) => [multirange, range]),
);

export const builtinProcs: ReadonlyMap<number, Proc> = new Map(
  rows(pgProcRows).map((f) => {
    const args = numbers(f[7]);
    const all = numbers(f[12]);
    const proc: Proc = {
      oid: number(f[0]),
      name: f[1]!,
      namespace: catalogNamespace,
      owner: bootstrapRole,
      kind: f[2] as Proc["kind"],
      returnsSet: f[3] === "1",
      strict: f[4] === "1",
      volatility: f[5] as Proc["volatility"],
      result: number(f[6]),
      arguments: args,
      defaultCount: number(f[8]),
      variadic: number(f[9]),
      modes: f[10] ?? "",
      argumentNames: f[11] === undefined || f[11] === "" ? [] : f[11].split(","),
      allArguments: all.length === 0 ? args : all,
      source: f[13] === "" || f[13] === undefined ? f[1]! : f[13],
      defaults: f[15] === undefined || f[15] === "" ? [] : splitDefaults(f[15]),
    };
    return [proc.oid, proc] as const;
  }),
);

/** pg_get_expr joins defaults by ", "; none of the built-in ones has a comma outside of quotes and braces. */
function splitDefaults(text: string): string[] {
  return text.split(/, (?=(?:[^']*'[^']*')*[^']*$)/);
}

export const procsByName: ReadonlyMap<string, readonly Proc[]> = grouped(
  builtinProcs.values(),
  (proc) => proc.name,
);

export const builtinOperators: ReadonlyMap<number, Operator> = new Map(
  rows(pgOperatorRows).map((f) => {
    const operator: Operator = {
      oid: number(f[0]),
      name: f[1]!,
      kind: f[2] as Operator["kind"],
      canMerge: f[3] === "1",
      canHash: f[4] === "1",
      left: number(f[5]),
      right: number(f[6]),
      result: number(f[7]),
      commutator: number(f[8]),
      negator: number(f[9]),
      proc: number(f[10]),
    };
    return [operator.oid, operator] as const;
  }),
);

export const operatorsByName: ReadonlyMap<string, readonly Operator[]> = grouped(
  builtinOperators.values(),
  (operator) => operator.name,
);

export const builtinCasts: readonly Cast[] = rows(pgCastRows).map((f) => ({
  oid: number(f[0]),
  source: number(f[1]),
  target: number(f[2]),
  proc: number(f[3]),
  context: f[4] as Cast["context"],
  method: f[5] as Cast["method"],
}));

const casts = new Map(builtinCasts.map((cast) => [cast.source * 65536 + cast.target, cast]));

/** A cast between built-in types. */
export function builtinCast(source: number, target: number): Cast | undefined {
  return source < 65536 && target < 65536 ? casts.get(source * 65536 + target) : undefined;
}

export const builtinAggregates: ReadonlyMap<number, Aggregate> = new Map(
  rows(pgAggregateRows).map((f) => {
    const aggregate: Aggregate = {
      proc: number(f[0]),
      kind: f[1] as Aggregate["kind"],
      directArguments: number(f[2]),
      transitionType: number(f[4]),
    };
    return [aggregate.proc, aggregate] as const;
  }),
);

export interface Opclass {
  readonly oid: number;
  readonly method: number;
  readonly name: string;
  readonly family: number;
  readonly input: number;
  readonly isDefault: boolean;
  readonly keyType: number;
}

export const opclasses: readonly Opclass[] = rows(pgOpclassRows).map((f) => ({
  oid: number(f[0]),
  method: number(f[1]),
  name: f[2]!,
  family: number(f[3]),
  input: number(f[4]),
  isDefault: f[5] === "1",
  keyType: number(f[6]),
}));
