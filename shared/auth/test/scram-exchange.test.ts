import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { contextOf } from "../src/roles.ts";
import { makeVerifier, unmatchableVerifier } from "../src/scram.ts";
import { ScramExchange, type ScramOptions } from "../src/scram-exchange.ts";

const context = contextOf("ann", []);
const verifier = await makeVerifier("pencil", Buffer.from("0123456789abcdef"));

function exchange(options: ScramOptions = {}) {
  return new ScramExchange(
    (user) =>
      user === "ann" ? { verifier, context } : { verifier: unmatchableVerifier(), context: undefined },
    options,
  );
}

/** A client as RFC 5802, section 3 describes it. */
function login(
  server: ScramExchange,
  {
    user = "ann",
    password = "pencil",
    header = "n,,",
    bound = Buffer.alloc(0),
    nonce = "rOprNGfwEbeRWgbNEkqO",
  } = {},
) {
  const bare = `n=${user},r=${nonce}`;
  const first = server.first(header + bare);
  const {
    r = "",
    s = "",
    i = "",
  } = Object.fromEntries(first.split(",").map((part) => [part[0], part.slice(2)] as const));
  const salted = pbkdf2Sync(password, Buffer.from(s, "base64"), Number(i), 32, "sha256");
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const clientKey = hmac(salted, "Client Key");
  const binding = Buffer.concat([Buffer.from(header), bound]).toString("base64");
  const unproved = `c=${binding},r=${r}`;
  const authMessage = `${bare},${first},${unproved}`;
  const signature = hmac(createHash("sha256").update(clientKey).digest(), authMessage);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
  const outcome = server.final(`${unproved},p=${proof}`);
  const expected = `v=${hmac(hmac(salted, "Server Key"), authMessage).toString("base64")}`;
  return { outcome, expected, first, clientKey };
}

test("the right password is accepted, and the server proves that it knows the verifier", () => {
  const { outcome, expected, clientKey } = login(exchange());
  expect(outcome).toEqual({ message: expected, context, clientKey });
});

test("a wrong password and an unknown user fail at the same place", () => {
  expect(login(exchange(), { password: "pencil " }).outcome).toBeUndefined();
  expect(login(exchange(), { user: "bob" }).outcome).toBeUndefined();
});

test("the name that the protocol told wins over the one in the message", () => {
  expect(login(exchange({ user: "ann" }), { user: "" }).outcome?.context).toBe(context);
});

test("a bound channel must be the server's", () => {
  const channelBinding = createHash("sha256").update("certificate").digest();
  const header = "p=tls-server-end-point,,";
  expect(
    login(exchange({ channelBinding, isPlus: true }), { header, bound: channelBinding }).outcome?.context,
  ).toBe(context);
  const other = createHash("sha256").update("another").digest();
  expect(() => login(exchange({ channelBinding, isPlus: true }), { header, bound: other })).toThrow(
    "does not match",
  );
});

test.each<[string, ScramOptions]>([
  ["y,,", { channelBinding: Buffer.alloc(32) }],
  ["p=tls-unique,,", { channelBinding: Buffer.alloc(32), isPlus: true }],
  ["p=tls-server-end-point,,", {}],
  ["n,,", { channelBinding: Buffer.alloc(32), isPlus: true }],
])("a client that is lied to about channel binding (%s) is refused", (header, options) => {
  expect(() => login(exchange(options), { header })).toThrow("channel binding");
});

test.each(["", "n,,", "n,,n=ann", "n=ann,r=x", `n,,n=ann,r=${"x".repeat(5000)}`])(
  "%j is no first message",
  (message) => {
    expect(() => exchange().first(message)).toThrow("not one of SCRAM");
  },
);

test.each(["", "c=biws", "c=biws,r=x,p=!", "c=biws,r=other,p=AAAA"])("%j is no final message", (message) => {
  const server = exchange();
  server.first("n,,n=ann,r=abc");
  expect(() => server.final(message)).toThrow(/not one of SCRAM|nonce/);
});

test("a final message is taken once", () => {
  const server = exchange();
  login(server);
  expect(() => server.final("c=biws,r=x,p=AAAA")).toThrow("without a first");
  expect(() => server.first("n,,n=ann,r=abc")).toThrow("second first");
});
