import type { ChangeForm, Change as LoggedChange } from "@weftkit/changes";
import { recordChange as record } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";

export const changeTypes = ["created", "updated", "deleted", "restored", "renamed", "purged"] as const;
export type ChangeType = (typeof changeTypes)[number];

/** One change of a document, as the stream of changes has it. */
export interface DocumentChange {
  readonly at: number;
  readonly type: ChangeType;
  readonly id: string;
  readonly version: number | null;
  readonly author: string;
  /** Of a rename. */
  readonly previousId: string | null;
}

/** As it is in the change log. A name may be that of one collection and later of another; the row says which. */
interface Logged extends DocumentChange {
  readonly collection: number;
}

const opOf: Readonly<Record<ChangeType, LoggedChange["op"]>> = {
  created: "insert",
  updated: "update",
  deleted: "delete",
  restored: "insert",
  renamed: "update",
  purged: "delete",
};

export function recordChange(db: Database, collectionRow: number, change: DocumentChange): void {
  record(db, () => {
    const namespace = statement(db, "SELECT name FROM collections WHERE row = ?", { pluck: true }).get(
      collectionRow,
    ) as string;
    const logged: Logged = { ...change, collection: collectionRow };
    return {
      namespace,
      key: Buffer.from(change.id),
      op: opOf[change.type],
      after: Buffer.from(JSON.stringify(logged)),
      format: "json",
    };
  });
}

/** Changes as others get them: what happened to a document, and which version it has now. */
export const changeForm: ChangeForm = {
  key: ({ key }) => `{"id":${JSON.stringify(Buffer.from(key).toString())}}`,
  image: (_change, bytes) => Buffer.from(bytes).toString(),
};

/** A change of the log, if it is of this collection. */
export function documentChangeOf(
  { namespace, after }: LoggedChange,
  collection: { readonly row: number; readonly name: string },
): DocumentChange | undefined {
  if (namespace !== collection.name || after === undefined) return undefined;
  const logged = JSON.parse(Buffer.from(after).toString()) as Logged;
  return logged.collection === collection.row ? logged : undefined;
}
