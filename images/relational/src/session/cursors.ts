import { PgError } from "../errors.ts";
import type { Node } from "../parse/ast.ts";
import type { Row } from "../types/datum.ts";
import { placeOf } from "./current-rows.ts";
import { openPortal } from "./portal.ts";
import { prepareStatement } from "./prepare.ts";
import type { SessionState } from "./state.ts";
import type { Portal } from "./types.ts";
import { defineUtility } from "./utility.ts";
import { plain } from "./utility-types.ts";

/** DECLARE, FETCH, MOVE, CLOSE. */

const scroll = 0x2;
const hold = 0x20;
const rowsMax = 1_000_000;

/** A cursor's rows are kept, so that it can go back. */
class Cursor implements Portal {
  readonly prepared: Portal["prepared"];
  readonly columns: Portal["columns"];
  readonly #portal: Portal;
  readonly #isHeld: boolean;
  readonly #rows: Row[] = [];
  #isComplete = false;
  isKept = false;
  /** 0 is before the first row. */
  position = 0;

  constructor(portal: Portal, isHeld: boolean) {
    this.#portal = portal;
    this.#isHeld = isHeld;
    this.prepared = portal.prepared;
    this.columns = portal.columns;
  }

  /** WITH HOLD: the rows that are left come now, while the transaction can still give them. */
  async keep(): Promise<void> {
    if (!this.#isHeld || this.isKept) return;
    await this.#load(rowsMax + 1);
    this.isKept = true;
    this.#portal.close();
  }

  /** The row that it is on, with what its columns do not show. */
  get current(): Row | undefined {
    return this.#rows[this.position - 1];
  }

  /** A row without what it carries behind its columns. */
  #shown(row: Row | undefined): Row | undefined {
    const width = this.columns?.length ?? 0;
    return row === undefined || row.length === width ? row : row.slice(0, width);
  }

  async #load(count: number): Promise<void> {
    while (!this.#isComplete && this.#rows.length < count) {
      const { rows, done } = await this.#portal.fetch(Math.min(count - this.#rows.length, 1000));
      this.#rows.push(...rows);
      if (done) this.#isComplete = true;
      if (this.#rows.length > rowsMax) throw new PgError("53200", "too many rows in a cursor");
    }
  }

  /** The row at a position, which becomes the cursor's; undefined when there is none. */
  async at(position: number): Promise<Row | undefined> {
    await this.#load(position);
    this.position = Math.max(0, Math.min(position, this.#rows.length + 1));
    return this.#shown(this.#rows[position - 1]);
  }

  async count(): Promise<number> {
    await this.#load(rowsMax);
    return this.#rows.length;
  }

  async fetch(maxRows: number) {
    const rows: Row[] = [];
    while (maxRows === 0 || rows.length < maxRows) {
      const row = await this.at(this.position + 1);
      if (row === undefined) break;
      rows.push(row);
    }
    const done = maxRows === 0 || rows.length < maxRows;
    return { rows, done, tag: done ? `FETCH ${rows.length}` : undefined };
  }

  close(): void {
    this.#portal.close();
  }
}

defineUtility("DeclareCursorStmt", (session, node) => {
  const { portalname = "", options = 0, query } = node.DeclareCursorStmt!;
  return plain("DECLARE CURSOR", () => {
    const isHeld = (options & hold) !== 0;
    const locks = (query as Node).SelectStmt?.lockingClause ?? [];
    if (isHeld && locks.length > 0)
      throw new PgError("0A000", "DECLARE CURSOR WITH HOLD ... FOR UPDATE is not supported", {
        detail: "Holdable cursors must be READ ONLY.",
      });
    if (!isHeld && session.status === "I")
      throw new PgError("25P01", "DECLARE CURSOR can only be used in transaction blocks");
    if (session.cursors.has(portalname)) throw new PgError("42P03", `cursor "${portalname}" already exists`);
    const prepared = prepareStatement(session, { node: query as Node, text: "", location: 0 }, [], "", true);
    const cursor = new Cursor(openPortal(session, prepared, []), isHeld);
    session.cursors.set(portalname, cursor);
    session.currentRows.set(portalname, (tables) => {
      if (session.cursors.get(portalname) !== cursor)
        throw new PgError("34000", `cursor "${portalname}" does not exist`);
      if (cursor.isKept)
        throw new PgError("24000", `cursor "${portalname}" is held from a previous transaction`);
      const name = (oid: number) => session.catalog.get("relation", oid)?.name ?? "";
      return placeOf(portalname, prepared.carried, cursor.current, tables, name);
    });
    void scroll;
  })(session, node, []);
});

function find(session: SessionState, name: string): Cursor {
  const cursor = session.cursors.get(name);
  if (!(cursor instanceof Cursor)) throw new PgError("34000", `cursor "${name}" does not exist`);
  return cursor;
}

async function move(cursor: Cursor, direction: string, howMany: bigint): Promise<Row[]> {
  const rows: Row[] = [];
  const all = howMany >= 2147483647n;
  const step = async (by: 1 | -1): Promise<boolean> => {
    const row = await cursor.at(cursor.position + by);
    if (row === undefined) return false;
    rows.push(row);
    return true;
  };
  switch (direction) {
    case "FETCH_ABSOLUTE": {
      const position = howMany < 0n ? (await cursor.count()) + 1 + Number(howMany) : Number(howMany);
      const row = await cursor.at(position);
      return row === undefined ? [] : [row];
    }
    case "FETCH_RELATIVE": {
      const row = await cursor.at(cursor.position + Number(howMany));
      return row === undefined ? [] : [row];
    }
    default: {
      const isBack = (direction === "FETCH_BACKWARD") !== howMany < 0n;
      const count = howMany < 0n ? -howMany : howMany;
      if (count === 0n) {
        const row = await cursor.at(cursor.position);
        return row === undefined ? [] : [row];
      }
      for (let i = 0n; all || i < count; i++) if (!(await step(isBack ? -1 : 1))) break;
      return rows;
    }
  }
}

defineUtility("FetchStmt", (session, node) => {
  const { direction = "FETCH_FORWARD", howMany, portalname = "", ismove } = node.FetchStmt!;
  const cursor = find(session, portalname);
  const isMove = ismove === true;
  return {
    columns: isMove ? undefined : cursor.columns,
    run: async () => {
      const rows = await move(cursor, direction, BigInt(howMany ?? 0));
      return { rows: isMove ? [] : rows, tag: `${isMove ? "MOVE" : "FETCH"} ${rows.length}` };
    },
  };
});

defineUtility("ClosePortalStmt", (session, node) => {
  const { portalname } = node.ClosePortalStmt!;
  return plain(portalname === undefined ? "CLOSE CURSOR ALL" : "CLOSE CURSOR", () => {
    if (portalname === undefined) {
      for (const cursor of session.cursors.values()) cursor.close();
      session.cursors.clear();
      return;
    }
    find(session, portalname).close();
    session.cursors.delete(portalname);
  })(session, node, []);
});
