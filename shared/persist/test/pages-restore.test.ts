import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RestorePiece } from "../src/stream.ts";
import { PagesChain } from "./pages-chain.ts";
import { seal } from "./piece-files.ts";

let chain: PagesChain;
let pieces: RestorePiece[];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

beforeAll(async () => {
  chain = new PagesChain();
  await chain.open();
  for (let push = 0; push < 4; push++) {
    await chain.store.write((db) => {
      const insert = db.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?)");
      for (let id = 0; id < (push === 0 ? 300 : 3); id++) insert.run(id, `item ${push}`, randomBytes(500));
    });
    await chain.capture();
  }
  pieces = [...chain.pieces];
});
afterAll(async () => {
  await chain.close();
  chain.remove();
});

/** The pieces with one of them changed, and the manifest's word on it as well: a chain that was put together wrongly. */
function withChanged(at: number, change: (bytes: Buffer) => void): RestorePiece[] {
  const bytes = readFileSync(pieces[at]!.path);
  change(bytes);
  seal(bytes);
  const path = join(mkdtempSync(join(chain.folder, "changed-")), "piece");
  writeFileSync(path, bytes);
  return pieces.with(at, { ...pieces[at]!, path, sha256: sha256(bytes) });
}

/** Tries to restore them; returns the error's code and that nothing was left. */
async function refusal(from: readonly RestorePiece[]): Promise<string> {
  const folder = mkdtempSync(join(chain.folder, "refused-"));
  const file = join(folder, "store.db");
  const stream = chain.newStream(file, join(folder, "state"));
  try {
    await stream.restore(chain.restorePieces(from));
    return "none";
  } catch (error) {
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.restoring`)).toBe(false);
    expect(await stream.isEmpty()).toBe(true);
    return (error as { code: string }).code;
  } finally {
    await stream.close();
  }
}

describe("a restore", () => {
  test("is of the pieces as they are", async () => {
    expect(await refusal(pieces)).toBe("none");
  });

  test.each([
    ["without pieces", () => []],
    ["that does not begin with a base", () => pieces.slice(1)],
    ["with a piece missing", () => pieces.toSpliced(1, 1)],
    ["with pieces in another order", () => [pieces[0]!, pieces[2]!, pieces[1]!, pieces[3]!]],
    ["with a piece twice", () => [...pieces.slice(0, 2), ...pieces.slice(1)]],
    ["with two bases", () => [pieces[0]!, ...pieces]],
    ["that builds on another base", () => withChanged(0, (bytes) => bytes.writeUInt32LE(7, 48))],
    ["with an epoch that goes back", () => withChanged(3, (bytes) => bytes.writeUInt32LE(0, 24))],
    ["with another checksum", () => withChanged(3, (bytes) => bytes.writeUInt32LE(7, bytes.length - 40))],
    ["of a piece with other numbers", () => withChanged(3, (bytes) => bytes.writeUInt32LE(9, 40))],
    ["of another stream", () => withChanged(3, (bytes) => bytes.write("pagez", 104))],
  ])("%s is refused, and nothing is put in place", async (_, made) => {
    expect(await refusal(made())).toBe("chain_broken");
  });

  test.each([0, 1, 3])("with any bit of piece %i turned is refused", async (at) => {
    const { path } = pieces[at]!;
    const whole = readFileSync(path);
    for (let round = 0; round < 12; round++) {
      const bytes = Buffer.from(whole);
      bytes[Math.floor((bytes.length * (round + Math.random())) / 12)]! ^= 1 << (round % 8);
      const changed = join(mkdtempSync(join(chain.folder, "flipped-")), "piece");
      writeFileSync(changed, bytes);
      expect(await refusal(pieces.with(at, { ...pieces[at]!, path: changed }))).toMatch(
        /piece_damaged|piece_unsupported/,
      );
    }
  });

  test("does not replace a database that is there", async () => {
    const folder = mkdtempSync(join(chain.folder, "existing-"));
    const file = join(folder, "store.db");
    writeFileSync(file, "precious");
    const stream = chain.newStream(file, join(folder, "state"));
    await expect(stream.restore(chain.restorePieces(pieces))).rejects.toMatchObject({ code: "not_empty" });
    await stream.close();
    expect(readFileSync(file, "utf8")).toBe("precious");
  });

  test("takes no notice of what an interrupted one has left", async () => {
    const folder = mkdtempSync(join(chain.folder, "again-"));
    const file = join(folder, "store.db");
    mkdirSync(join(folder, "state"));
    writeFileSync(`${file}.restoring`, randomBytes(100_000));
    const stream = chain.newStream(file, join(folder, "state"));
    expect(await stream.isEmpty()).toBe(true);
    await stream.restore(chain.restorePieces(pieces));
    await stream.close();
    expect(readFileSync(file).equals(readFileSync(await chain.restored()))).toBe(true);
  });

  test("lets SQLite check the file where that is wanted", async () => {
    const checked = new PagesChain({ checkAfterRestore: "integrity_check" });
    checked.pieces = chain.pieces;
    await checked.restored();
    checked.remove();
  });
});
