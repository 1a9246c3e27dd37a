import type { Node } from "../parse/ast.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { SessionState } from "./state.ts";
import type { ResultColumn } from "./types.ts";

/** A statement that is not a query. */
export interface Utility {
  readonly columns: readonly ResultColumn[] | undefined;
  readonly parameterOids?: readonly number[];
  run(params: readonly Datum[], limits: UtilityLimits): Promise<UtilityResult>;
}

export interface UtilityLimits {
  readonly signal?: AbortSignal;
}

export interface UtilityResult {
  readonly rows: readonly Row[];
  readonly tag: string | ((count: number) => string);
}

export type UtilityMaker = (session: SessionState, node: Node, parameterOids: readonly number[]) => Utility;

/** A utility without rows, of its tag and what it does. */
export function plain(tag: string, work: (session: SessionState) => unknown): UtilityMaker {
  return (session) => ({
    columns: undefined,
    run: async () => ({ rows: [], tag: textOr(await work(session), tag) }),
  });
}

export function column(name: string, typeOid: number, typlen = -1): ResultColumn {
  return { name, tableOid: 0, attnum: 0, typeOid, typlen, typmod: -1 };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}
