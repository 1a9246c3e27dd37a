import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  canonicalQuery,
  headerNames,
  isSignatureOf,
  readSignedFields,
  replyText,
  requestText,
  sha256,
  sign,
  signReply,
  signRequest,
} from "../src/contract/index.ts";

/** The worked example of docs/wkp-1.md. */
const key = { id: "default", secret: "correct horse battery staple" };
const target = {
  method: "POST",
  path: "/persist",
  query: { action: "commit" },
};
const body = '{"manifest":"{}"}';
const fields = {
  timestamp: 1_770_000_000_000,
  nonce: "000102030405060708090a0b0c0d0e0f",
  contentSha256: sha256(body),
  subtree: "default/inmemory/0",
  epoch: 3,
  seq: 42,
  prev: sha256("the manifest before"),
};
const text = requestText(target, { ...fields, keyId: key.id });
const reply = '{"code":"bad_request"}';

describe("the worked example", () => {
  const document = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "wkp-1.md"), "utf8");

  test("stands in the documentation as the code computes it", () => {
    expect(document).toContain(`\n${text}\n`);
    expect(document).toContain(sign(key, text));
    expect(document).toContain(`\n${replyText(fields.nonce, 400, sha256(reply))}\n`);
    expect(document).toContain(sign(key, replyText(fields.nonce, 400, sha256(reply))));
  });

  test("has the signature that any other implementation computes", () => {
    // printf '%s' "$text" | openssl dgst -sha256 -hmac 'correct horse battery staple'
    expect(sign(key, text)).toBe("8ea6c5b0552378613ced63b6de99c6a42a1f7fb9346f768b1440eb638e7c8c0e");
    expect(signReply(key, fields.nonce, 400, sha256(reply))[headerNames.signature]).toBe(
      "f5769f2e1f49d98de7f92beefe64be3102adaadfe178f3958d5f85ee63c25ce8",
    );
  });
});

describe("a request's signature", () => {
  const headers = signRequest(key, target, fields);
  const read = (changed: Record<string, string | undefined> = {}) =>
    readSignedFields((name) => ({ ...headers, ...changed })[name]);

  test("is read back as it was signed", () => {
    const signed = read();
    expect(signed?.fields).toEqual({ ...fields, keyId: key.id });
    expect(isSignatureOf(key, requestText(target, signed!.fields), signed!.signature)).toBe(true);
  });

  test("differs for every other request", () => {
    const texts = [
      requestText({ ...target, method: "GET" }, { ...fields, keyId: key.id }),
      requestText({ ...target, path: "/lease" }, { ...fields, keyId: key.id }),
      requestText({ ...target, query: {} }, { ...fields, keyId: key.id }),
      ...Object.entries({
        timestamp: 1,
        nonce: "another-nonce-here",
        contentSha256: sha256("x"),
        subtree: "a/b/c",
        epoch: 4,
        seq: 43,
        prev: null,
      }).map(([name, value]) => requestText(target, { ...fields, keyId: key.id, [name]: value })),
    ];
    for (const other of texts) expect(isSignatureOf(key, other, headers[headerNames.signature]!)).toBe(false);
    expect(new Set([text, ...texts]).size).toBe(texts.length + 1);
  });

  test.each([
    [headerNames.subtree, "a/b\nc/d"],
    [headerNames.subtree, "a/../b"],
    [headerNames.nonce, "0001020304050607\n08090a0b0c0d0e0f"],
    [headerNames.nonce, "short"],
    [headerNames.epoch, "03"],
    [headerNames.epoch, "3\n"],
    [headerNames.epoch, "-3"],
    [headerNames.epoch, "3.0"],
    [headerNames.epoch, "99999999999999999"],
    [headerNames.timestamp, "0x10"],
    [headerNames.prev, ""],
    [headerNames.prev, "null"],
    [headerNames.keyId, "a b"],
    [headerNames.contentSha256, sha256("").toUpperCase()],
    [headerNames.signature, "00"],
    [headerNames.signature, undefined],
  ])("is not read when %s is %j", (name, value) => {
    expect(read({ [name]: value })).toBeUndefined();
  });

  test("sorts and encodes the query, so that no value can pass for another parameter", () => {
    expect(canonicalQuery({ b: "2", a: "1" })).toBe("a=1&b=2");
    expect(canonicalQuery({ at: "2026-01-01T00:00:00+01:00" })).toBe("at=2026-01-01T00%3A00%3A00%2B01%3A00");
    expect(canonicalQuery({ a: "1&b=2" })).not.toBe(canonicalQuery({ a: "1", b: "2" }));
    expect(canonicalQuery({ a: "\n!'()*" })).toBe("a=%0A%21%27%28%29%2A");
  });
});
