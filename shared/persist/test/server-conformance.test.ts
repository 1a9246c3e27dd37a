import { expect, test } from "vitest";
import { conformanceChecks, runConformance } from "../src/conformance/index.ts";
import { headerNames } from "../src/contract/index.ts";
import type { Handler, ObjectStore } from "../src/server/index.ts";
import { openHandler, secret, serveHandler } from "./serve-handler.ts";

/** An endpoint that is wrong in one way: what it does instead, and checks that must find it. */
interface Deviant {
  readonly store?: (store: ObjectStore) => Partial<ObjectStore>;
  readonly handler?: (handler: Handler) => Handler;
  readonly found: readonly string[];
}

const deviants: Readonly<Record<string, Deviant>> = {
  "does not sign its replies": {
    handler: (handler) => async (request) => {
      const { headers, ...reply } = await handler(request);
      return { ...reply, headers: { ...headers, [headerNames.signature]: "" } };
    },
    found: ["signature: of replies", "restore: nothing yet", "commit: the head"],
  },
  "replaces the head without looking": {
    store: (store) => ({ put: (key, body) => store.put(key, body) }),
    found: ["race: one commit wins", "lease: race"],
  },
  "does not ask whether parts are stored": {
    store: () => ({ head: async () => ({ bytes: 100, modifiedMs: Date.now() }) }),
    found: ["commit: missing parts", "upload: begin and part"],
  },
  "says 204 when it has failed": {
    handler: (handler) => async (request) => {
      const reply = await handler(request);
      return reply.status === 200 && request.method === "GET"
        ? { ...reply, status: 204, body: Buffer.alloc(0) }
        : reply;
    },
    found: ["restore: a point in time", "upload: the shortest and the longest part"],
  },
  "stores parts with another length": {
    store: (store) => ({
      head: async (key) => {
        const found = await store.head(key);
        return found && { ...found, bytes: found.bytes + 1 };
      },
    }),
    found: ["commit: the head"],
  },
};

test.each(Object.entries(deviants))(
  "conformance finds an endpoint that %s",
  async (_, { store, handler, found }) => {
    using opened = await openHandler();
    const inner = opened.store;
    const whole: ObjectStore = {
      get: (...call) => inner.get(...call),
      put: (...call) => inner.put(...call),
      head: (...call) => inner.head(...call),
      delete: (...call) => inner.delete(...call),
      ...store?.(inner),
    };
    using deviant = await openHandler({ store: whole });
    await using served = await serveHandler(handler?.(deviant.handler) ?? deviant.handler);
    const results = await runConformance({ url: served.url, key: secret });
    const problems = new Map(
      results.filter(({ passed }) => !passed).map(({ name, problem }) => [name, problem]),
    );
    for (const name of found) expect(problems.get(name), name).toEqual(expect.any(String));
  },
);

test("conformance says of an endpoint that is not there that every check has failed", async () => {
  const results = await runConformance({ url: "http://127.0.0.1:1", key: secret });
  expect(results.map(({ passed }) => passed)).toEqual(conformanceChecks.map(() => false));
  expect(results[0]!.problem).toContain("ECONNREFUSED");
});

test("every check has a name of its own and a sentence", () => {
  expect(new Set(conformanceChecks.map(({ name }) => name)).size).toBe(conformanceChecks.length);
  for (const { expectation } of conformanceChecks) expect(expectation).toMatch(/^\S.* .*\.$/);
});
