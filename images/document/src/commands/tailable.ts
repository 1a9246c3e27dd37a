import { Doc } from "../bson/values.ts";
import { RowSource } from "../exec/row-source.ts";
import { type DocSource, pause } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { parseProjection } from "../query/projection.ts";
import type { Call, Reply } from "../server/command.ts";
import { docField } from "../server/fields.ts";
import { type Collection, namespaceOf } from "../storage/collection.ts";
import { contextOf } from "./context.ts";
import { openCursor } from "./cursor-reply.ts";

/** A cursor on a capped collection that stays open at its end, and goes on when documents are added. */
export function tailableSource(
  call: Call,
  collection: Collection | undefined,
  batchSize: number,
  isAwaitData: boolean,
): Promise<Reply> {
  const { server, db, body } = call;
  const namespace = `${db}.${call.collection}`;
  if (collection === undefined) {
    return openCursor(call, { next: () => undefined }, { batchSize, namespace });
  }
  const context = contextOf(call, body, collection);
  const scope = newScope(context);
  const filter = parseFilter(docField(body, "filter") ?? Doc.empty(), { context });
  const matches = compileFilter(filter, { collation: context.collation, scope });
  const projection = docField(body, "projection");
  const project =
    projection === undefined || projection.isEmpty
      ? undefined
      : parseProjection(projection, { context, filter, isFind: true });
  let last = 0;
  let rows = new RowSource(collection, { kind: "natural", isReverse: false });
  const source: DocSource = {
    next(run): Doc | undefined | typeof pause {
      for (;;) {
        const row = rows.next(run);
        if (row === pause) return pause;
        if (row === undefined) {
          // Ends here for now; the next one begins behind what was given.
          rows = RowSource.after(collection, last);
          return undefined;
        }
        last = row.rid;
        if (!matches(row.doc, 0)) continue;
        const doc = Doc.read(row.doc);
        return project === undefined ? doc : project(doc, scope);
      }
    },
  };
  return openCursor(call, source, {
    batchSize,
    namespace,
    isTailable: true,
    isAwaitData,
    wait: (ms, signal) => server.insertions.wait(namespaceOf(collection), ms, signal),
  });
}
