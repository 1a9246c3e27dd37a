import type { Proc } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import type { Datum } from "../types/datum.ts";

/** One row of a partition, as a window function sees it. */
export interface WindowCall {
  readonly size: number;
  at: number;
  isPeer(a: number, b: number): boolean;
  args(at: number): Datum[];
  /** Positions of the rows in the current row's frame. */
  frame(): number[];
  state: unknown;
}

type WindowFunction = (call: WindowCall) => Datum;

interface Rank {
  rank: number;
  dense: number;
}

function rankOf(call: WindowCall): Rank {
  const { at } = call;
  const state = call.state as Rank | undefined;
  const next: Rank =
    at === 0 || state === undefined
      ? { rank: 1, dense: 1 }
      : call.isPeer(at - 1, at)
        ? state
        : { rank: at + 1, dense: state.dense + 1 };
  call.state = next;
  return next;
}

function shifted(call: WindowCall, direction: 1 | -1): Datum {
  const [, offset, otherwise] = call.args(call.at);
  if (offset === null) return null;
  const target = call.at + direction * Number(offset ?? 1);
  if (target < 0 || target >= call.size) return otherwise ?? null;
  return call.args(target)[0]!;
}

const functions: Readonly<Record<string, WindowFunction>> = {
  row_number: ({ at }) => BigInt(at + 1),
  rank: (call) => BigInt(rankOf(call).rank),
  dense_rank: (call) => BigInt(rankOf(call).dense),
  percent_rank: (call) => (call.size <= 1 ? 0 : (rankOf(call).rank - 1) / (call.size - 1)),
  cume_dist: (call) => {
    let last = call.at;
    while (last + 1 < call.size && call.isPeer(last + 1, call.at)) last++;
    return (last + 1) / call.size;
  },
  ntile: (call) => {
    const [buckets] = call.args(call.at);
    if (buckets === null) return null;
    const count = Number(buckets);
    if (count <= 0) throw new PgError("22014", "argument of ntile must be greater than zero");
    const small = Math.floor(call.size / count);
    const larger = call.size % count;
    const border = larger * (small + 1);
    return call.at < border
      ? Math.floor(call.at / (small + 1)) + 1
      : larger + Math.floor((call.at - border) / Math.max(small, 1)) + 1;
  },
  lag: (call) => shifted(call, -1),
  lead: (call) => shifted(call, 1),
  first_value: (call) => {
    const [first] = call.frame();
    return first === undefined ? null : call.args(first)[0]!;
  },
  last_value: (call) => {
    const last = call.frame().at(-1);
    return last === undefined ? null : call.args(last)[0]!;
  },
  nth_value: (call) => {
    const n = call.args(call.at)[1];
    if (n === null) return null;
    if (Number(n) <= 0) throw new PgError("22016", "argument of nth_value must be greater than zero");
    const at = call.frame()[Number(n) - 1];
    return at === undefined ? null : call.args(at)[0]!;
  },
};

/** @throws PgError 0A000 */
export function windowFunctionOf(proc: Proc): WindowFunction {
  const found = functions[proc.name];
  if (found === undefined) throw notSupported(`window function ${proc.name}`);
  return found;
}
