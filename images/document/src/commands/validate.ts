import { statement } from "@weftkit/store";
import { Doc } from "../bson/values.ts";
import { MongoError, namespaceNotFound } from "../errors.ts";
import type { Command } from "../server/command.ts";
import { indexKeys } from "../storage/index-keys.ts";
import type { StoredRow } from "../storage/records.ts";
import { requireWritable } from "./collections.ts";

const documentsAtOnce = 500;

/** Holds every document to its indexes: each key of it must be there, and no others. */
export const validate: Command = {
  name: "validate",
  right: { action: "read", on: "collection" },
  run: async (call) => {
    const { server, db, collection: name } = call;
    const collection = server.catalog.find(db, name);
    if (collection === undefined) throw namespaceNotFound(`${db}.${name}`);
    requireWritable(collection);
    if (call.transaction !== undefined)
      throw new MongoError(263, "Cannot run 'validate' in a multi-document transaction.");
    const snapshot = await server.store.snapshot();
    try {
      const errors: string[] = [];
      const expected = new Map(collection.indexes.map(({ name: index }) => [index, 0]));
      let records = 0;
      for (let last = 0; ; ) {
        const rows = await snapshot.read(
          (database) =>
            statement(
              database,
              `SELECT rid, doc FROM ${collection.table} WHERE rid > ? ORDER BY rid LIMIT ?`,
            ).all(last, documentsAtOnce) as StoredRow[],
        );
        if (rows.length === 0) break;
        await snapshot.read((database) => {
          for (const { rid, doc } of rows) {
            records++;
            expected.set("_id_", expected.get("_id_")! + 1);
            for (const index of collection.indexes) {
              if (index.name === "_id_" || index.text !== undefined) continue;
              for (const key of indexKeys(index, doc).keys) {
                expected.set(index.name, expected.get(index.name)! + 1);
                const isThere = statement(
                  database,
                  `SELECT 1 FROM ${index.table} WHERE key = ? AND rid = ?`,
                  { pluck: true },
                ).get(key, rid);
                if (isThere === undefined)
                  errors.push(`a key of document ${rid} is missing in the index ${index.name}`);
              }
            }
          }
        });
        last = rows.at(-1)!.rid;
        await new Promise(setImmediate);
      }
      const details = Doc.empty();
      const counts = Doc.empty();
      for (const index of collection.indexes) {
        const count =
          index.name === "_id_"
            ? records
            : index.text !== undefined
              ? 0
              : await snapshot.read(
                  (database) =>
                    statement(database, `SELECT count(*) FROM ${index.table}`, {
                      pluck: true,
                    }).get() as number,
                );
        const isValid = index.text !== undefined || count === expected.get(index.name);
        if (!isValid)
          errors.push(
            `the index ${index.name} has ${count} keys and should have ${expected.get(index.name)}`,
          );
        counts.set(index.name, BigInt(count));
        details.set(index.name, Doc.of({ valid: isValid }));
      }
      return Doc.of({
        ns: `${db}.${name}`,
        nInvalidDocuments: 0n,
        nNonCompliantDocuments: 0n,
        nrecords: BigInt(records),
        nIndexes: collection.indexes.length,
        keysPerIndex: counts,
        indexDetails: details,
        valid: errors.length === 0,
        repaired: false,
        warnings: [],
        errors,
        extraIndexEntries: [],
        missingIndexEntries: [],
      });
    } finally {
      snapshot.release();
    }
  },
};
