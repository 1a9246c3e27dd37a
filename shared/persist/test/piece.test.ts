import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { WeftkitError } from "@weftkit/core";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { afterAll, describe, expect, test } from "vitest";
import { DatabaseChecksum, hashPage, PieceReader, PieceWriter } from "../src/piece/index.ts";
import {
  headerOf,
  type Page,
  PieceFolder,
  PREVIOUS,
  readAll,
  seal,
  writeBytes,
  writePages,
} from "./piece-files.ts";

const folder = new PieceFolder();
afterAll(() => folder.remove());

const pageOf = (page: number, fill: string): Page => ({ page, content: Buffer.alloc(512, fill) });
/** Pages 2, 3 and 9; page 3 builds on an earlier version. */
const changedPages: readonly Page[] = [
  pageOf(2, "two"),
  { page: 3, content: Buffer.alloc(512, "three!"), earlier: Buffer.alloc(512, "three") },
  { page: 9, content: randomBytes(512) },
];
const earlier = new Map([[3, Buffer.alloc(512, "three")]]);

/** One small file of each kind. */
const kinds = {
  "a base of pages": async () => {
    const path = folder.newPath();
    await writePages(path, "base", [pageOf(1, "a"), pageOf(2, "b")]);
    return path;
  },
  "a delta of pages": async () => {
    const path = folder.newPath();
    await writePages(path, "delta", changedPages);
    return path;
  },
  "a compacted piece": async () => {
    const path = folder.newPath();
    await writePages(path, "compacted", [pageOf(4, "d"), pageOf(5, "e")]);
    return path;
  },
  "a base of bytes": async () => {
    const path = folder.newPath();
    await writeBytes(path, "base", [Buffer.from("SET a 1\n".repeat(20)), randomBytes(30)]);
    return path;
  },
  "a delta of bytes": async () => {
    const path = folder.newPath();
    await writeBytes(path, "delta", [randomBytes(40)]);
    return path;
  },
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof WeftkitError) return error.code;
    throw error;
  }
  return "none";
}

describe("a piece of bytes", () => {
  test.each([
    ["nothing", []],
    ["a few bytes", [Buffer.from("hello")]],
    ["many short runs", Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index}\n`))],
    ["runs longer than a block", [randomBytes(3_000_000), Buffer.alloc(2_500_000, "abc")]],
  ])("gives back %s", async (_, runs: readonly Uint8Array[]) => {
    const path = folder.newPath();
    const written = await writeBytes(path, "delta", runs);
    const { reader, content } = await readAll(path);
    expect(content!.equals(Buffer.concat(runs))).toBe(true);
    expect(reader).toMatchObject({ bytes: written.bytes, sha256: written.sha256, checksum: 0n });
    expect(reader.header).toEqual(headerOf("delta", { stream: "log", from: 100, to: 100 + content!.length }));
  });

  test("is refused when the body is not as long as the header says", async () => {
    const writer = PieceWriter.create(folder.newPath(), headerOf("base", { stream: "log", from: 0, to: 10 }));
    writer.append(Buffer.alloc(9));
    expect(await codeOf(writer.finish())).toBe("piece_invalid");
    writer.discard();
  });
});

describe("a piece of pages", () => {
  test("gives back the pages, those with a dictionary from their earlier versions", async () => {
    const path = folder.newPath();
    await writePages(path, "delta", changedPages, { pagesAfter: 12 });
    const { reader, pages } = await readAll(path, earlier);
    expect([...pages!]).toEqual(changedPages.map(({ page, content }) => [page, content]));
    expect(reader.header.previous).toBe(PREVIOUS);
  });

  test("takes an earlier version that looks like a trained dictionary for what it is", async () => {
    const lookalike = randomBytes(512);
    lookalike.writeUInt32LE(0xec30a437, 0);
    const path = folder.newPath();
    const content = Buffer.from(lookalike).fill(1, 500);
    await writePages(path, "delta", [{ page: 1, content, earlier: lookalike }]);
    const { pages, reader } = await readAll(path, new Map([[1, lookalike]]));
    expect(pages!.get(1)).toEqual(content);
    expect(reader.bytes).toBeLessThan(300);
  });

  test.each([512, 4096, 65_536])("holds many pages of %i bytes in groups", async (pageSize) => {
    const random = randomNumbers(pageSize);
    const pages: Page[] = Array.from({ length: 150 }, (_, index) => {
      const before = Buffer.alloc(pageSize, `page ${index} of the test `);
      const content = Buffer.from(before).fill(`${random()}`, 10, 30);
      return random() < 0.6
        ? { page: index * 2 + 1, content, earlier: before }
        : { page: index * 2 + 1, content };
    });
    const path = folder.newPath();
    await writePages(path, "delta", pages, { pageSize });
    const read = await readAll(path, new Map(pages.map(({ page, earlier }) => [page, earlier!])));
    expect([...read.pages!.keys()]).toEqual(pages.map(({ page }) => page));
    for (const { page, content } of pages) expect(read.pages!.get(page)!.equals(content)).toBe(true);
  });

  test.each([
    ["pages that do not ascend", "delta", [pageOf(3, "a"), pageOf(2, "b")], 9],
    ["a page behind the database's end", "delta", [pageOf(10, "a")], 9],
    ["page 0", "delta", [pageOf(0, "a")], 9],
    ["the lock page", "delta", [pageOf(0x40000000 / 512 + 1, "a")], 0xfffffff],
    ["a compacted page that builds on another", "compacted", [{ ...changedPages[1]! }], 9],
  ] as const)("is refused with %s", async (_, kind, pages, pagesAfter) => {
    const path = folder.newPath();
    await writePages(path, kind, pages, { pagesAfter });
    expect(await codeOf(readAll(path, earlier))).toBe("piece_damaged");
  });

  test.each([
    ["a base with a gap", "base", { pagesAfter: 3, pageCount: 2, pageSize: 512 }],
    ["more pages than the database has", "delta", { pagesAfter: 3, pageCount: 4, pageSize: 512 }],
    ["a page size that is no power of two", "delta", { pagesAfter: 3, pageCount: 1, pageSize: 1000 }],
  ] as const)("is not begun with %s", (_, kind, body) => {
    const header = headerOf(kind, { stream: "pages", ...body });
    expect(() => PieceWriter.create(folder.newPath(), header)).toThrow("cannot be written");
  });

  test("leaves out the lock page of a base", () => {
    const pageSize = 65_536;
    const pagesAfter = 0x40000000 / pageSize + 5;
    const header = headerOf("base", { stream: "pages", pageSize, pagesAfter, pageCount: pagesAfter - 1 });
    const writer = PieceWriter.create(folder.newPath(), header);
    writer.discard();
    expect(writer.header.body).toMatchObject({ pageCount: pagesAfter - 1 });
  });
});

describe("a damaged piece", () => {
  test.each(Object.entries(kinds))("%s is refused when any byte is changed", async (_, write) => {
    const whole = readFileSync(await write());
    const accepted: number[] = [];
    for (let at = 0; at < whole.length; at++) {
      const file = Buffer.from(whole);
      file[at]! ^= 1 << (at % 8);
      const code = await codeOf(readAll(folder.put(file), earlier));
      if (code !== "piece_damaged" && code !== "piece_unsupported") accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });

  test.each(Object.entries(kinds))(
    "%s is refused when it is cut off anywhere, or longer",
    async (_, write) => {
      const whole = readFileSync(await write());
      for (let length = 0; length < whole.length; length++) {
        expect(await codeOf(readAll(folder.put(whole.subarray(0, length)), earlier))).toBe("piece_damaged");
      }
      const longer = Buffer.concat([whole, Buffer.alloc(1)]);
      expect(await codeOf(readAll(folder.put(longer), earlier))).toBe("piece_damaged");
    },
  );

  // A change whose hash was made to match again must be caught by the bounds, or change what is read and nothing else.
  test.each(Object.entries(kinds))("%s harms nobody when its hash was made to match", async (_, write) => {
    const whole = readFileSync(await write());
    const random = randomNumbers(20_251_121);
    for (let round = 0; round < 1500; round++) {
      const cut = random() < 0.2 ? Math.floor(random() * whole.length) : whole.length;
      const file = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(random() < 0.1 ? 50 : 0)]);
      if (file.length < 32) continue;
      for (let changes = 0; changes < 1 + random() * 3; changes++) {
        const value = random() < 0.3 ? 255 : Math.floor(random() * 256);
        file[Math.floor(random() * (file.length - 32))] = value;
      }
      const code = await codeOf(readAll(folder.put(seal(file)), earlier));
      expect(["none", "piece_damaged", "piece_unsupported"]).toContain(code);
    }
  });

  test("is not allocated for: a block cannot say more than a mebibyte, nor a base more pages than bytes", async () => {
    const bytes = readFileSync(await kinds["a base of bytes"]());
    bytes.writeUInt32LE(0x7fffffff, 104 + 3 + 4);
    expect(await codeOf(readAll(folder.put(seal(bytes))))).toBe("piece_damaged");
    const pages = readFileSync(await kinds["a base of pages"]());
    pages.writeUInt32LE(0x10000000, 16);
    pages.writeUInt32LE(0x10000000 - 1, 20);
    expect(await codeOf(PieceReader.open(folder.put(seal(pages))))).toBe("piece_damaged");
  });

  test("is told from one that is whole but not the one expected", async () => {
    const path = await kinds["a delta of bytes"]();
    const bytes = readFileSync(path).length;
    expect(await codeOf(PieceReader.open(path, { bytes, sha256: PREVIOUS }))).toBe("piece_damaged");
    expect(await codeOf(PieceReader.open(path, { bytes: bytes - 1, sha256: PREVIOUS }))).toBe(
      "piece_damaged",
    );
  });

  test("of a later format version is refused by name", async () => {
    const bytes = readFileSync(await kinds["a delta of bytes"]());
    bytes.writeUInt16LE(2, 4);
    expect(await codeOf(readAll(folder.put(seal(bytes))))).toBe("piece_unsupported");
  });
});

describe("the checksum of a database", () => {
  const hashes = Array.from({ length: 50 }, () => hashPage(randomBytes(512)));

  test("does not depend on the order, and a page's change needs its two versions only", () => {
    const [forwards, backwards, changed] = [
      new DatabaseChecksum(),
      new DatabaseChecksum(),
      new DatabaseChecksum(),
    ];
    hashes.forEach((hash, at) => {
      forwards.add(at + 1, hash);
      changed.add(at + 1, at === 7 ? hashes[8]! : hash);
    });
    for (let at = hashes.length; at > 0; at--) backwards.add(at, hashes[at - 1]!);
    expect(backwards.value).toBe(forwards.value);
    expect(changed.value).not.toBe(forwards.value);
    changed.remove(8, hashes[8]!);
    changed.add(8, hashes[7]!);
    expect(changed.value).toBe(forwards.value);
  });

  test("tells pages in each other's place", () => {
    const swapped = new DatabaseChecksum();
    const straight = new DatabaseChecksum();
    hashes.forEach((hash, at) => {
      straight.add(at + 1, hash);
      swapped.add(at === 0 ? 2 : at === 1 ? 1 : at + 1, hash);
    });
    expect(swapped.value).not.toBe(straight.value);
  });

  test("goes on from a stored value", () => {
    const whole = new DatabaseChecksum();
    hashes.forEach((hash, at) => {
      whole.add(at + 1, hash);
    });
    const half = new DatabaseChecksum();
    for (let at = 0; at < 25; at++) half.add(at + 1, hashes[at]!);
    const rest = new DatabaseChecksum(half.value);
    for (let at = 25; at < 50; at++) rest.add(at + 1, hashes[at]!);
    expect(rest.value).toBe(whole.value);
  });
});
