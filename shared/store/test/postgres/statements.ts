import { postgresRowLocks, postgresTableLocks } from "@weftkit/store";

/** One statement of a session, on a table item (id, name UNIQUE, n). */
export type Statement =
  | { readonly do: "begin" | "commit" | "rollback" | "read" }
  | {
      readonly do: "lock row";
      readonly id: number;
      readonly mode: string;
      readonly wait: "" | "nowait" | "skip locked";
    }
  | { readonly do: "lock table"; readonly mode: string; readonly wait: "" | "nowait" }
  | { readonly do: "add"; readonly id: number; readonly by: number }
  | { readonly do: "insert"; readonly id: number; readonly name: string }
  | { readonly do: "rename"; readonly id: number; readonly name: string }
  | { readonly do: "delete"; readonly id: number }
  | { readonly do: "savepoint" | "rollback to" | "release"; readonly name: string };

/** What a statement gives: its rows or how many it changed, or the SQLSTATE of its error. */
export type Result = { readonly rows: unknown } | { readonly count: number } | { readonly code: string };

export function sqlOf(statement: Statement): string {
  switch (statement.do) {
    case "begin":
    case "commit":
    case "rollback":
      return statement.do;
    case "read":
      return "SELECT id, name, n FROM item ORDER BY id";
    case "lock row":
      return `SELECT id FROM item WHERE id = ${statement.id} FOR ${statement.mode} ${statement.wait}`;
    case "lock table":
      return `LOCK TABLE item IN ${statement.mode} MODE ${statement.wait}`;
    case "add":
      return `UPDATE item SET n = n + ${statement.by} WHERE id = ${statement.id}`;
    case "insert":
      return `INSERT INTO item VALUES (${statement.id}, '${statement.name}', 0)`;
    case "rename":
      return `UPDATE item SET name = '${statement.name}' WHERE id = ${statement.id}`;
    case "delete":
      return `DELETE FROM item WHERE id = ${statement.id}`;
    default:
      return `${statement.do} ${statement.name}`;
  }
}

const weights: readonly (readonly [Statement["do"], number])[] = [
  ["read", 3],
  ["lock row", 8],
  ["lock table", 2],
  ["add", 8],
  ["insert", 3],
  ["rename", 3],
  ["delete", 2],
  ["savepoint", 3],
  ["rollback to", 3],
  ["release", 1],
  ["commit", 4],
  ["rollback", 2],
];
const sum = weights.reduce((all, [, weight]) => all + weight, 0);
const names = ["a", "b", "c", "x"];

/** A statement at random; `nextId` gives a row that is not there yet. */
export function randomStatement(pick: (bound: number) => number, nextId: () => number): Statement {
  let at = pick(sum);
  const [chosen] = weights.find(([, weight]) => {
    at -= weight;
    return at < 0;
  })!;
  const id = 1 + pick(4);
  const name = names[pick(names.length)]!;
  switch (chosen) {
    case "lock row": {
      const { modes } = postgresRowLocks;
      const mode = modes[pick(modes.length)]!;
      const wait = (["", "", "", "nowait", "skip locked"] as const)[pick(5)]!;
      // The real one goes along the versions of a row to share its key, and waits there whatever was asked.
      return { do: chosen, id, mode, wait: mode === "key share" ? "" : wait };
    }
    case "lock table": {
      const { modes } = postgresTableLocks;
      return { do: chosen, mode: modes[pick(modes.length)]!, wait: pick(2) === 0 ? "" : "nowait" };
    }
    case "add":
      return { do: chosen, id, by: 1 + pick(9) };
    case "insert":
      return { do: chosen, id: nextId(), name };
    case "rename":
      return { do: chosen, id, name };
    case "delete":
      return { do: chosen, id };
    case "savepoint":
    case "rollback to":
    case "release":
      return { do: chosen, name: pick(2) === 0 ? "s" : "t" };
    default:
      return { do: chosen };
  }
}
