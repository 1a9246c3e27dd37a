import { expect, test, vi } from "vitest";
import type { Adapter, Place, Tally } from "../src/transfer/course/adapter.ts";
import { runCourse } from "../src/transfer/course/course.ts";

/** Rows between two lists of places; what the target has is kept with how far it is, as an adapter that goes on must. */
class Lists implements Adapter {
  readonly unit = "rows";
  readonly steps: string[] = [];
  readonly source: ReadonlyMap<string, readonly number[]>;
  readonly target: Map<string, number[]>;

  constructor(source: ReadonlyMap<string, readonly number[]>, target: Map<string, number[]>) {
    this.source = source;
    this.target = target;
  }

  async prepare(): Promise<Place[]> {
    this.steps.push("prepare");
    return [...this.source].map(([name, rows]) => {
      const copiedUnits = this.target.get(name)?.length ?? 0;
      return { name, units: rows.length, copiedUnits, isCopied: copiedUnits === rows.length };
    });
  }

  async *copy({ name, copiedUnits }: Place): AsyncGenerator<number> {
    this.steps.push(`copy ${name} from ${copiedUnits}`);
    const rows = this.target.get(name) ?? [];
    this.target.set(name, rows);
    for (const row of this.source.get(name)!.slice(copiedUnits)) {
      rows.push(row);
      yield 1;
    }
  }

  async complete(): Promise<void> {
    this.steps.push("complete");
  }

  async tallies({ name }: Place): Promise<{ source: Tally; target: Tally }> {
    const tally = (rows: readonly number[]) => ({ count: rows.length, checksum: String(rows) });
    return { source: tally(this.source.get(name)!), target: tally(this.target.get(name)!) };
  }

  async finish(): Promise<void> {
    this.steps.push("finish");
  }

  abandon(): void {
    this.steps.push("abandon");
  }
}

const source = new Map([
  ["first", [1, 2, 3]],
  ["second", [4, 5, 6, 7]],
]);
const options = (signal = new AbortController().signal) => ({ what: "copying", isSilent: true, signal });

test("everything is copied, completed, compared and finished, in this order", async () => {
  const lists = new Lists(source, new Map());
  const compared = vi.spyOn(lists, "tallies");
  await runCourse(lists, options());
  expect(lists.steps).toEqual(["prepare", "copy first from 0", "copy second from 0", "complete", "finish"]);
  expect(compared).toHaveBeenCalledTimes(2);
  expect(lists.target).toEqual(source);
});

test("an interrupted one ends between two ranges, and the next goes on from there", async () => {
  const controller = new AbortController();
  const first = new Lists(source, new Map());
  const copy = first.copy.bind(first);
  first.copy = async function* (place) {
    for await (const units of copy(place)) {
      if (first.target.get("second")?.length === 2) controller.abort();
      yield units;
    }
  };
  await expect(runCourse(first, options(controller.signal))).rejects.toThrow("aborted");
  expect(first.steps.at(-1)).toBe("abandon");
  expect(first.target.get("second")).toEqual([4, 5]);

  const second = new Lists(source, first.target);
  await runCourse(second, options());
  expect(second.steps).toEqual(["prepare", "copy second from 2", "complete", "finish"]);
  expect(second.target).toEqual(source);
});

test("what differs at the end is named, and nothing is finished", async () => {
  const lists = new Lists(source, new Map([["first", [1, 2, 9]]]));
  lists.complete = async () => void lists.target.get("second")!.pop();
  await expect(runCourse(lists, options())).rejects.toThrow(
    "both sides differ in first (3 rows, not the same), second (4 rows there, 3 here)",
  );
  expect(lists.steps.at(-1)).toBe("abandon");
});
