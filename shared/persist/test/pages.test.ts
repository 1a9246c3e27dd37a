import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PagesChain } from "./pages-chain.ts";

let chain: PagesChain;
beforeEach(() => {
  chain = new PagesChain();
});
afterEach(() => chain.remove());

/** Writes `count` rows from `id`, about two to a page. */
async function insert(id: number, count: number): Promise<void> {
  await chain.store.write((db) => {
    const insert = db.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?)");
    for (let row = id; row < id + count; row++) insert.run(row, `item ${row}`, randomBytes(1500));
  });
}

describe("captures", () => {
  test("begin with a base, go on with deltas, and lead to the same pages", async () => {
    await chain.open();
    await insert(0, 200);
    const base = await chain.capture();
    expect(base.piece).toMatchObject({ kind: "base", seqFrom: 1, seqTo: 1 });
    expect(await chain.difference()).toBe("");
    await insert(100, 20);
    const delta = await chain.capture();
    expect(delta.piece).toMatchObject({ kind: "delta", seqFrom: 2, seqTo: 2 });
    expect(delta.replaces).toBe(0);
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
    await chain.close();
  });
});
