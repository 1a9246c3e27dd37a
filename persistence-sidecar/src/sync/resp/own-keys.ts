import type { ColumnVersions, Mark } from "../side.ts";

/** What sidecars keep in the database itself, in the transactions that write its keys. */
const ownPrefix = Buffer.from("weftkit:sync:");
/** A hash: `identity` of the database, and by `applied:<sidecar>` how far each has come. */
export const stateKey = "weftkit:sync:state";
/** A hash: for each key that a sidecar has written what it wrote. */
export const versionsKey = "weftkit:sync:versions";

export const appliedField = (id: string) => `applied:${id}`;

export function isOwn(key: Buffer): boolean {
  return key.subarray(0, ownPrefix.length).equals(ownPrefix);
}

/** Short names: there is one for each key. */
interface StoredMark {
  readonly v: string;
  readonly r: string;
  readonly d: string;
  readonly c?: ColumnVersions;
}

export function markText({ version, replaced, digest, columns }: Mark): string {
  return JSON.stringify({ v: version, r: replaced, d: digest, c: columns } satisfies {
    [name in keyof StoredMark]: StoredMark[name] | undefined;
  });
}

export function markOf(text: Buffer | null): Mark | undefined {
  if (text === null) return undefined;
  const { v, r, d, c } = JSON.parse(text.toString()) as StoredMark;
  return { version: v, replaced: r, digest: d, ...(c !== undefined && { columns: c }) };
}
