/** Something that was refused, and how often. */
export interface AclLogEntry {
  readonly id: number;
  readonly reason: "command" | "key" | "channel" | "auth";
  readonly context: "toplevel" | "multi" | "lua";
  readonly object: Buffer;
  readonly user: string;
  readonly createdAt: number;
  count: number;
  /** ms since the epoch. */
  updatedAt: number;
  /** The client as CLIENT LIST has it, when it was refused last. */
  client: string;
}

/** What was refused, with who was. */
export type Refused = Pick<AclLogEntry, "reason" | "context" | "object" | "user" | "client">;

/** So many of the latest entries are looked at for one to count up, and for so long (Redis, addACLLogEntry). */
const COMPARED_MAX = 10;
const SAME_WITHIN_MS = 60_000;

/** What ACL LOG shows, the latest first. */
export class AclLog {
  entries: AclLogEntry[] = [];
  #nextId = 0;

  add(refused: Refused, now: number, entriesMax: number): void {
    const at = this.entries.slice(0, COMPARED_MAX).findIndex((entry) => isSame(entry, refused, now));
    if (at !== -1) {
      const [entry] = this.entries.splice(at, 1);
      entry!.count++;
      entry!.updatedAt = now;
      entry!.client = refused.client;
      this.entries.unshift(entry!);
      return;
    }
    this.entries.unshift({ ...refused, id: this.#nextId++, createdAt: now, count: 1, updatedAt: now });
    this.entries.length = Math.min(this.entries.length, entriesMax);
  }
}

function isSame(entry: AclLogEntry, refused: Refused, now: number): boolean {
  return (
    entry.reason === refused.reason &&
    entry.context === refused.context &&
    now - entry.updatedAt <= SAME_WITHIN_MS &&
    entry.user === refused.user &&
    entry.object.equals(refused.object)
  );
}
