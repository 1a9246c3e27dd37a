import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import { notSupported } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import type { Row } from "../types/datum.ts";

export type RowSource = (exec: Exec) => Iterable<Row>;

interface Defined {
  readonly source: RowSource;
  readonly isOfCatalog: boolean;
}

const sources = new Map<string, Defined>();

/** The rows of a table of pg_catalog. Those that are made of the catalog alone are kept with it until it changes. */
export function defineRows(name: string, source: RowSource, isOfCatalog = false): void {
  sources.set(name, { source, isOfCatalog });
}

/** The rows of a table of pg_catalog, or the one of a sequence. @throws PgError 0A000 for a table whose rows are not known */
export function systemRows(_session: unknown, relation: Relation, exec: Exec): Iterable<Row> {
  if (relation.kind === "S") return sequenceRows(relation, exec);
  const found = sources.get(relation.name);
  if (found === undefined) throw notSupported(`reading ${relation.name}`);
  const { source, isOfCatalog } = found;
  return isOfCatalog ? keptRows(exec.catalog, relation, () => source(exec)) : source(exec);
}

function keptRows(catalog: Catalog, relation: Relation, make: () => Iterable<Row>): readonly Row[] {
  return catalog.derive(`rows of ${relation.oid}`, () => [...make()]);
}

/** What `SELECT * FROM sequence` gives. Values are not logged ahead, so that log_cnt is 0 always. */
function* sequenceRows(relation: Relation, exec: Exec): Generator<Row> {
  const { last, isCalled } = exec.sequenceValue(relation.oid);
  yield [last, 0n, isCalled];
}
