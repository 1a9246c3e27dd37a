import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderStore } from "../src/server/folder/folder-store.ts";

const processes = 3;
const incrementsEach = 30;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weftkit-folder-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function withStore(work: (store: FolderStore) => Promise<void>): Promise<void> {
  const store = await FolderStore.open(folder);
  try {
    await work(store);
  } finally {
    store.close();
  }
}

const text = (value: string) => Buffer.from(value);

describe("conditions", () => {
  test("hold for one of many writes at once", async () => {
    await withStore(async (store) => {
      const created = await Promise.all(
        [1, 2, 3, 4].map((n) => store.put("a/head", text(`${n}`), { ifAbsent: true })),
      );
      expect(created.filter((put) => put !== undefined)).toHaveLength(1);
      const { etag } = (await store.get("a/head", 100))!;
      const swapped = await Promise.all(
        [5, 6, 7, 8].map((n) => store.put("a/head", text(`${n}`), { ifMatch: etag })),
      );
      expect(swapped.filter((put) => put !== undefined)).toHaveLength(1);
      expect(await store.put("a/other", text("x"), { ifMatch: etag })).toBeUndefined();
    });
  });

  test("hold between processes: no increment of a counter is lost", async () => {
    const script = join(import.meta.dirname, "server-counting-process.ts");
    const children = Array.from({ length: processes }, () => fork(script, [folder, String(incrementsEach)]));
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number));
    expect(codes).toEqual(children.map(() => 0));
    await withStore(async (store) => {
      const counter = await store.get("counter", 100);
      expect(Number(Buffer.from(counter!.body).toString())).toBe(processes * incrementsEach);
    });
  });
});

describe("objects", () => {
  test("are read as they were written, with their length and time", async () => {
    await withStore(async (store) => {
      expect(await store.get("a/b/c", 100)).toBeUndefined();
      expect(await store.head("a/b/c")).toBeUndefined();
      await store.put("a/b/c", text("state"));
      expect(Buffer.from((await store.get("a/b/c", 100))!.body).toString()).toBe("state");
      expect(await store.head("a/b/c")).toEqual({ bytes: 5, modifiedMs: expect.any(Number) });
      await store.delete("a/b/c");
      await store.delete("a/b/c");
      expect(await store.get("a/b/c", 100)).toBeUndefined();
    });
  });

  test("that are longer than expected are a failure", async () => {
    await withStore(async (store) => {
      await store.put("long", Buffer.alloc(101));
      await expect(store.get("long", 100)).rejects.toMatchObject({ code: "object_too_large" });
    });
  });

  test.each(["../x", "a/../b", "/a", "a//b", "", ".hidden", "a/.weftkit-store"])(
    "cannot have the key %j",
    async (key) => {
      await withStore(async (store) => {
        await expect(store.get(key, 1)).rejects.toMatchObject({ code: "bad_object_key" });
        await expect(store.put(key, text(""))).rejects.toMatchObject({ code: "bad_object_key" });
      });
    },
  );
});

describe("the folder", () => {
  test("is opened by several at once, and again", async () => {
    const [first, second] = await Promise.all([FolderStore.open(folder), FolderStore.open(folder)]);
    await first.put("a", text("1"));
    expect((await second.get("a", 10))?.etag).toBe((await first.get("a", 10))?.etag);
    first.close();
    second.close();
    await withStore(async (store) => expect(await store.get("a", 10)).toBeDefined());
  });

  test("that another one has taken the place of is a failure, not an empty store", async () => {
    await withStore(async (store) => {
      await store.put("a/head", text("1"));
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      await expect(store.get("a/head", 10)).rejects.toMatchObject({ code: "store_gone" });
      await expect(store.head("a/head")).rejects.toMatchObject({ code: "store_gone" });
      await expect(store.put("a/head", text("2"))).rejects.toMatchObject({ code: "store_gone" });
      await expect(store.put("a/head", text("2"), { ifAbsent: true })).rejects.toMatchObject({
        code: "store_gone",
      });
      expect(existsSync(join(folder, "a"))).toBe(false);
    });
  });

  test("that is none is refused", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    await expect(FolderStore.open(path)).rejects.toMatchObject({ code: "store_unusable" });
  });

  test("loses what a crash left half written, once it is old", async () => {
    await withStore(async () => {});
    const scratch = join(folder, ".weftkit-store.writing");
    for (const name of ["old", "young"]) writeFileSync(join(scratch, name), "half");
    utimesSync(join(scratch, "old"), 1, 1);
    await withStore(async () => {});
    expect(readdirSync(scratch)).toEqual(["young"]);
  });
});
