import { postgresRowLocks, postgresTableLocks } from "@weftkit/store";

/** What a session of the model does next. Values in results are compared as JSON. */
export type Operation =
  | { readonly do: "read" }
  | {
      readonly do: "lock";
      readonly on: "row" | "table";
      readonly key: number;
      readonly mode: string;
      readonly wait: Wait;
    }
  /** Adds to each of the rows, and throws afterwards if it `fails`. */
  | { readonly do: "add"; readonly ids: readonly number[]; readonly by: number; readonly fails: boolean }
  | { readonly do: "insert"; readonly name: string }
  | { readonly do: "rename"; readonly id: number; readonly name: string }
  | { readonly do: "delete"; readonly id: number }
  | { readonly do: "hold" }
  | { readonly do: "mark" }
  | { readonly do: "rollbackTo"; readonly index: number }
  | { readonly do: "release"; readonly index: number }
  | { readonly do: "commit" };

export type Wait = "wait" | "nowait" | "skip" | "timeout";

/** A row of the one table. */
export interface Item {
  readonly name: string;
  readonly n: number;
}

/** How an operation ends: a value or the code of an error. */
export type Outcome = { readonly value: unknown } | { readonly error: string };

export const startRows: readonly (readonly [number, Item])[] = [1, 2, 3, 4].map((id) => [
  id,
  { name: `name ${id}`, n: 0 },
]);

const names = ["name 1", "name 2", "new a", "new b", "new c"];

/** How often each is chosen. */
const weights: readonly (readonly [Operation["do"], number])[] = [
  ["read", 3],
  ["lock", 6],
  ["add", 8],
  ["insert", 3],
  ["rename", 3],
  ["delete", 2],
  ["hold", 1],
  ["mark", 2],
  ["rollbackTo", 2],
  ["release", 1],
  ["commit", 4],
];
const weightsSum = weights.reduce((sum, [, weight]) => sum + weight, 0);

/** An operation at random; `marks` is how many the session has, `ids` the rows there may be. */
export function randomOperation(
  pick: (bound: number) => number,
  marks: number,
  ids: readonly number[],
): Operation {
  let at = pick(weightsSum);
  const [chosen] = weights.find(([, weight]) => {
    at -= weight;
    return at < 0;
  })!;
  const id = () => ids[pick(ids.length)]!;
  switch (chosen) {
    case "lock": {
      const on = pick(3) === 0 ? "table" : "row";
      const { modes } = on === "row" ? postgresRowLocks : postgresTableLocks;
      const wait = (["wait", "wait", "wait", "nowait", "skip", "timeout"] as const)[pick(6)]!;
      return { do: "lock", on, key: on === "row" ? id() : pick(2), mode: modes[pick(modes.length)]!, wait };
    }
    case "add":
      return {
        do: "add",
        ids: Array.from({ length: 1 + pick(3) }, id),
        by: 1 + pick(9),
        fails: pick(6) === 0,
      };
    case "insert":
      return { do: "insert", name: names[pick(names.length)]! };
    case "rename":
      return { do: "rename", id: id(), name: names[pick(names.length)]! };
    case "delete":
      return { do: "delete", id: id() };
    case "rollbackTo":
    case "release":
      return marks === 0 ? { do: "mark" } : { do: chosen, index: pick(marks) };
    default:
      return { do: chosen };
  }
}
