import type { ClientSession, Db } from "mongodb";
import { type Row, rowId } from "../rows.ts";
import type { Mark, RowName } from "../side.ts";
import { exactValues } from "./connect.ts";
import { idOf, keyOf, rowOf } from "./document-rows.ts";
import {
  appliedId,
  markOf,
  type State,
  type StoredMark,
  stateCollection,
  versionCollection,
} from "./own-collections.ts";

/** Documents at one moment. */
export interface Moment {
  /** Undefined where the database has none. */
  readonly identity: string | undefined;
  readonly applied: number;
  /** By `rowId`; undefined for one that is not there. */
  readonly rows: ReadonlyMap<string, Row | undefined>;
  readonly marks: ReadonlyMap<string, Mark>;
}

/** Documents that are asked for at once: of 16 MB at the most. */
const documentsAtOnce = 25;

/** What a transaction reads, until it is about so many bytes; at least a part of what is asked for. */
export async function readMoment(
  database: Db,
  session: ClientSession,
  id: string,
  names: readonly RowName[],
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<Moment> {
  const ids = ["identity", appliedId(id)];
  const states = await database
    .collection<State>(stateCollection)
    .find({ _id: { $in: ids } }, { session })
    .toArray();
  const state = (_id: string) => states.find((one) => one._id === _id);
  const rows = new Map<string, Row | undefined>();
  let bytes = 0;
  for (const [collection, of] of Map.groupBy(names, ({ name }) => name)) {
    for (let at = 0; at < of.length && bytes < bytesMax; at += documentsAtOnce) {
      const part = of.slice(at, at + documentsAtOnce);
      for (const { name, key } of part) rows.set(rowId(name, key), undefined);
      const found = database
        .collection(collection)
        .find({ _id: { $in: part.map(({ key }) => idOf(key) as never) } }, { session, ...exactValues });
      for await (const document of found) {
        const row = rowOf(document);
        rows.set(rowId(collection, keyOf(document._id)), row);
        if (bytesMax !== Number.POSITIVE_INFINITY) bytes += JSON.stringify(row).length;
      }
    }
  }
  const marks = await database
    .collection<StoredMark>(versionCollection)
    .find({ _id: { $in: [...rows.keys()] } }, { session })
    .toArray();
  return {
    identity: state("identity")?.value,
    applied: Number(state(appliedId(id))?.position ?? 0),
    rows,
    marks: new Map(marks.map((mark) => [mark._id, markOf(mark)])),
  };
}
