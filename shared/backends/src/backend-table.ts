import type { EngineName } from "@weftkit/config";
import { type Backend, isSame } from "./backend.ts";
import type { Target } from "./backend-text.ts";

/** All backends at one moment. It never changes: who holds one keeps it while the next ones come. */
export class BackendTable {
  static readonly empty = new BackendTable(0, []);
  /** Counts up with every change. */
  readonly version: number;
  readonly backends: readonly Backend[];
  readonly #byTarget = new Map<string, Backend[]>();

  constructor(version: number, backends: readonly Backend[]) {
    this.version = version;
    this.backends = Object.freeze([...backends]);
    for (const backend of backends) {
      for (const group of backend.groups) {
        const key = `${backend.engine}/${group}`;
        const members = this.#byTarget.get(key);
        if (members === undefined) this.#byTarget.set(key, [backend]);
        else members.push(backend);
      }
    }
  }

  /** The backends of one engine and group, in the order in which they were written. */
  of({ engine, group }: Target): readonly Backend[] {
    return this.#byTarget.get(`${engine}/${group}`) ?? [];
  }

  /** The groups that an engine has backends in. */
  groupsOf(engine: EngineName): string[] {
    const groups = this.backends
      .filter((backend) => backend.engine === engine)
      .flatMap(({ groups }) => groups);
    return [...new Set(groups)];
  }

  get(id: string): Backend | undefined {
    return this.backends.find((backend) => backend.id === id);
  }
}

/** What is different in the next table. */
export interface TableChange {
  readonly table: BackendTable;
  readonly added: readonly Backend[];
  readonly removed: readonly Backend[];
  /** As they are now: another role or weight, or they are draining. */
  readonly changed: readonly Backend[];
}

/** What `backends` changes in `before`; undefined when that is nothing. Of two with the same id the first counts. */
export function changeOf(before: BackendTable, backends: readonly Backend[]): TableChange | undefined {
  const next = new Map<string, Backend>();
  for (const backend of backends) if (!next.has(backend.id)) next.set(backend.id, backend);
  const previous = new Map(before.backends.map((backend) => [backend.id, backend]));
  const added = [...next.values()].filter(({ id }) => !previous.has(id));
  const removed = before.backends.filter(({ id }) => !next.has(id));
  const changed = [...next.values()].filter((backend) => {
    const old = previous.get(backend.id);
    return old !== undefined && !isSame(old, backend);
  });
  if (added.length + removed.length + changed.length === 0) return undefined;
  return { table: new BackendTable(before.version + 1, [...next.values()]), added, removed, changed };
}
