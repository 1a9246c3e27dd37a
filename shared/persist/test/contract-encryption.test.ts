import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { cipherOverheadBytes, createPartCipher, sha256 } from "../src/contract/index.ts";

const hexKey = "00".repeat(16) + "ff".repeat(16);
const piece = sha256("a piece");

describe("encrypted parts", () => {
  test("come back, and are longer by nonce and tag", async () => {
    const cipher = await createPartCipher(hexKey, "a/b/c");
    for (const plain of [Buffer.alloc(0), randomBytes(1), randomBytes(100_000)]) {
      const sealed = cipher.seal(piece, 3, plain);
      expect(sealed.length).toBe(plain.length + cipherOverheadBytes);
      expect(cipher.open(piece, 3, sealed).equals(plain)).toBe(true);
    }
  });

  test("are the same bytes for the same part, so that an upload can be resumed", async () => {
    const plain = randomBytes(1000);
    const [first, second] = [
      await createPartCipher(hexKey, "a/b/c"),
      await createPartCipher(hexKey, "a/b/c"),
    ];
    expect(first.seal(piece, 0, plain)).toEqual(second.seal(piece, 0, plain));
  });

  test("never share a nonce with other content, place, piece or subtree", async () => {
    const cipher = await createPartCipher(hexKey, "a/b/c");
    const other = await createPartCipher(hexKey, "a/b/d");
    const plain = randomBytes(100);
    const sealed = [
      cipher.seal(piece, 0, plain),
      cipher.seal(piece, 1, plain),
      cipher.seal(sha256("another"), 0, plain),
      cipher.seal(piece, 0, randomBytes(100)),
      other.seal(piece, 0, plain),
    ];
    const nonces = sealed.map((part) => part.subarray(0, 12).toString("hex"));
    expect(new Set(nonces).size).toBe(sealed.length);
  });

  test("are refused in another place, when changed, cut off, or under another key", async () => {
    const cipher = await createPartCipher(hexKey, "a/b/c");
    const sealed = cipher.seal(piece, 0, Buffer.from("state"));
    const changed = Buffer.from(sealed);
    changed[14]! ^= 1;
    const otherKey = await createPartCipher("11".repeat(32), "a/b/c");
    const otherSubtree = await createPartCipher(hexKey, "a/b/d");
    for (const open of [
      () => cipher.open(piece, 1, sealed),
      () => cipher.open(sha256("another"), 0, sealed),
      () => cipher.open(piece, 0, changed),
      () => cipher.open(piece, 0, sealed.subarray(0, -1)),
      () => cipher.open(piece, 0, sealed.subarray(0, 20)),
      () => cipher.open(piece, 0, Buffer.alloc(0)),
      () => otherKey.open(piece, 0, sealed),
      () => otherSubtree.open(piece, 0, sealed),
    ]) {
      expect(open).toThrow(expect.objectContaining({ code: "decryption_failed" }));
    }
  });
});

describe("the encryption key", () => {
  test("is the same in hexadecimal and base64", async () => {
    const base64 = Buffer.from(hexKey, "hex").toString("base64");
    const names = await Promise.all(
      [hexKey, hexKey.toUpperCase(), base64].map((text) => createPartCipher(text, "a/b/c")),
    );
    expect(new Set(names.map(({ keyName }) => keyName)).size).toBe(1);
    expect(names[0]!.keyName).toMatch(/^[0-9a-f]{16}$/);
  });

  test("comes from a passphrase, the same everywhere", async () => {
    const [first, second, other] = await Promise.all(
      ["correct horse battery staple", "correct horse battery staple", "correct horse battery stable"].map(
        (text) => createPartCipher(text, "a/b/c"),
      ),
    );
    expect(first!.keyName).toBe(second!.keyName);
    expect(first!.keyName).not.toBe(other!.keyName);
  });

  test("is refused when it is short", async () => {
    await expect(createPartCipher("too short", "a/b/c")).rejects.toMatchObject({
      code: "encryption_key_invalid",
    });
  });
});
