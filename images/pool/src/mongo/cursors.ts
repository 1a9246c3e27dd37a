import { longsElement, textElement } from "@weftkit/wire-mongo";

/** A cursor that a server keeps open. */
export interface Cursor {
  readonly id: bigint;
  readonly login: string;
  /** Of the server that has it: its other servers do not know it. */
  readonly backend: string;
  readonly namespace: string;
  /** Its getMore waits at the server for what is not there yet. */
  readonly isTailing: boolean;
  /** Who may go on with it: the same user from the same machine, over whichever connection its driver takes. */
  readonly peer: string;
}

const cursorsMax = 100_000;

/** Where each open cursor is. Servers end those that nobody asks for by themselves; the oldest are forgotten when there are too many. */
export class Cursors {
  readonly #open = new Map<string, Cursor>();

  get count(): number {
    return this.#open.size;
  }

  get(login: string, id: bigint): Cursor | undefined {
    return this.#open.get(`${id} ${login}`);
  }

  add(cursor: Cursor): void {
    const key = `${cursor.id} ${cursor.login}`;
    this.#open.delete(key);
    this.#open.set(key, cursor);
    if (this.#open.size <= cursorsMax) return;
    const [oldest] = this.#open.keys();
    this.#open.delete(oldest!);
  }

  delete(login: string, id: bigint): void {
    this.#open.delete(`${id} ${login}`);
  }

  /** Takes those of a peer out, all of whose connections have gone. */
  takeOf(peer: string): Cursor[] {
    const found = [...this.#open.values()].filter((cursor) => cursor.peer === peer);
    for (const { login, id } of found) this.delete(login, id);
    return found;
  }
}

/** What ends a cursor at its server: the command's elements, and its database. */
export function killCommand({ id, namespace }: Cursor): {
  readonly elements: readonly Buffer[];
  readonly database: string;
} {
  const dot = namespace.indexOf(".");
  return {
    elements: [textElement("killCursors", namespace.slice(dot + 1)), longsElement("cursors", [id])],
    database: namespace.slice(0, dot),
  };
}
