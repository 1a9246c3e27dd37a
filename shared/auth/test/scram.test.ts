import { describe, expect, test } from "vitest";
import { saslPrepare } from "../src/saslprep.ts";
import { makeVerifier, matchesVerifier, parseVerifier } from "../src/scram.ts";

describe("a SCRAM verifier", () => {
  // The exchange of RFC 7677, section 3: user "user", password "pencil".
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");

  test("has the keys of RFC 7677's example", async () => {
    const verifier = await makeVerifier("pencil", salt);
    expect(verifier.iterations).toBe(4096);
    expect(verifier.storedKey.toString("base64")).toBe("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
    expect(verifier.serverKey.toString("base64")).toBe("wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  });

  test("matches its password only, as text and as bytes", async () => {
    const verifier = await makeVerifier("pencil");
    expect(await matchesVerifier(verifier, "pencil")).toBe(true);
    expect(await matchesVerifier(verifier, Buffer.from("pencil"))).toBe(true);
    expect(await matchesVerifier(verifier, "Pencil")).toBe(false);
    expect(await matchesVerifier(verifier, "")).toBe(false);
  });

  test("is read as PostgreSQL writes it", async () => {
    const { storedKey, serverKey } = await makeVerifier("pencil", salt);
    const keys = `${storedKey.toString("base64")}:${serverKey.toString("base64")}`;
    const parsed = parseVerifier(`SCRAM-SHA-256$4096:${salt.toString("base64")}$${keys}`);
    expect(parsed).toEqual({ iterations: 4096, salt, storedKey, serverKey });
    for (const bad of [
      "pencil",
      `SCRAM-SHA-256$0:AAAA$${keys}`,
      `SCRAM-SHA-256$9999999:AAAA$${keys}`,
      "SCRAM-SHA-256$1:AA$A:A",
    ]) {
      expect(parseVerifier(bad)).toBeUndefined();
    }
  });
});

// RFC 4013, section 3, and what PostgreSQL does with what SASLprep refuses.
test.each([
  ["I\u00adX", "IX"],
  ["user", "user"],
  ["USER", "USER"],
  ["\u00aa", "a"],
  ["\u2168", "IX"],
  ["a\u00a0b", "a b"],
  ["\u0007", "\u0007"],
])("SASLprep of %j is %j", (password, expected) => {
  expect(saslPrepare(password).toString()).toBe(expected);
});

test("bytes that are no UTF-8 are used as they are", () => {
  expect(saslPrepare(Buffer.from([0xff, 0xfe]))).toEqual(Buffer.from([0xff, 0xfe]));
});
