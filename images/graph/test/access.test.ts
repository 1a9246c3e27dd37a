import neo4j from "neo4j-driver";
import { expect, test } from "vitest";
import { RunningEngine, refusal, rows } from "./running-engine.ts";

const users = {
  method: "password",
  users: [
    { username: "ann", password: "secret", roles: ["superuser"] },
    { username: "bob", password: "reader", roles: ["read_only"] },
    { username: "cat", password: "writer", roles: ["read_write"] },
  ],
};

test("who may do what", async () => {
  const engine = await RunningEngine.start({ auth: users });
  const as = (name: string, password: string) => engine.driver({}, neo4j.auth.basic(name, password));
  const [ann, bob, cat] = [as("ann", "secret"), as("bob", "reader"), as("cat", "writer")];
  await rows(ann, "CREATE (:Thing {id: 1})");
  await rows(ann, "CREATE INDEX FOR (t:Thing) ON (t.id)");
  expect(await rows(bob, "MATCH (t:Thing) RETURN t.id AS id")).toEqual([{ id: 1 }]);
  expect(await refusal(bob, "CREATE (:Thing)")).toBe("Neo.ClientError.Security.Forbidden");
  expect(await refusal(bob, "CREATE INDEX FOR (t:Thing) ON (t.name)")).toBe(
    "Neo.ClientError.Security.Forbidden",
  );
  await rows(cat, "CREATE (:Thing {id: 2})");
  expect(await refusal(as("ann", "wrong"), "RETURN 1")).toBe("Neo.ClientError.Security.Unauthorized");
  expect(await refusal(as("nobody", "secret"), "RETURN 1")).toBe("Neo.ClientError.Security.Unauthorized");
});

test("neo4j:// finds the way back to the port that it has come to", async () => {
  const engine = await RunningEngine.start();
  const driver = engine.driver({}, undefined, "neo4j");
  expect(await rows(driver, "RETURN 1 AS x")).toEqual([{ x: 1 }]);
  const { agent, protocolVersion } = await driver.getServerInfo();
  expect(agent).toMatch(/^Neo4j\/5\.26\.0 \(WeftKit /);
  expect(String(protocolVersion)).toContain("5");
});
