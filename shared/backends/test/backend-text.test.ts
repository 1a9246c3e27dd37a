import { engineNames } from "@weftkit/config";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { formatBackend, makeBackend, parseBackend, parseTarget } from "../src/index.ts";

describe("a backend as one string", () => {
  test("says its engine and where it is; all else has a default", () => {
    expect(parseBackend("relational=db1:5432")).toEqual({
      id: "relational@db1:5432",
      engine: "relational",
      groups: ["default"],
      host: "db1",
      port: 5432,
      role: "primary",
      weight: 1,
      tls: false,
      draining: false,
    });
    expect(parseBackend("inmemory=cache").port).toBe(6379);
    expect(parseBackend("graph/social=[::1]:7687?role=replica&weight=20&tls=on")).toMatchObject({
      id: "graph@[::1]:7687",
      groups: ["social"],
      host: "::1",
      role: "replica",
      weight: 20,
      tls: true,
    });
  });

  test.each([
    ["db1:5432", /is not <engine>/],
    ["postgres=db1:5432", /"postgres" is no engine/],
    ["relationl=db1:5432", /did you mean relational\?/],
    ["relational=db1:0", /no address/],
    ["relational=db1:65536", /no address/],
    ["relational=", /no address/],
    ["relational=user@db1", /no address/],
    ["relational/a b=db1", /no group's name/],
    ["relational/=db1", /no group's name/],
    ["relational=db1?role=leader", /role=primary\|replica/],
    ["relational=db1?weight=0", /weight=1\.\.1000/],
    ["relational=db1?tsl=on", /tls=on\|off/],
  ])("%s is refused with what to write", (text, message) => {
    expect(() => parseBackend(text)).toThrow(message);
  });

  test("what is written is read as the same backend", () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 2 ** 31);
    const below = randomIntegers(seed);
    const hosts = ["db1", "a.b-c.example", "10.0.0.1", "::1", "fe80::1"];
    for (let round = 0; round < 500; round++) {
      const backend = makeBackend({
        engine: engineNames[below(engineNames.length)]!,
        groups: [["default", "orders", "a.b_c-1"][below(3)]!],
        host: hosts[below(hosts.length)]!,
        port: 1 + below(65_535),
        role: below(2) === 0 ? "primary" : "replica",
        weight: 1 + below(1000),
        tls: below(2) === 0,
      });
      expect(parseBackend(formatBackend(backend)), `seed ${seed}`).toEqual(backend);
    }
  });

  test("any text is a backend or refused with its own error", () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 2 ** 31);
    const below = randomIntegers(seed);
    const parts = [
      "relational",
      "=",
      "/",
      ":",
      "?",
      "&",
      "weight",
      "role",
      "db",
      "[",
      "]",
      "9",
      "\0",
      " ",
      "é",
    ];
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: below(12) }, () => parts[below(parts.length)]).join("");
      try {
        parseBackend(text);
      } catch (error) {
        expect(error, `seed ${seed}: ${JSON.stringify(text)}`).toMatchObject({ name: "BackendTextError" });
      }
    }
  });
});

test("a target is an engine and a group", () => {
  expect(parseTarget("vector")).toEqual({ engine: "vector", group: "default" });
  expect(parseTarget("vector/images")).toEqual({ engine: "vector", group: "images" });
});
