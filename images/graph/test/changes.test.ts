import { ChangeReader } from "@weftkit/testing/change-reader";
import { expect, test } from "vitest";
import { RunningEngine, rows } from "./running-engine.ts";

const adminToken = "only for this test";

async function start() {
  const engine = await RunningEngine.start({ server: { admin_token: adminToken } });
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  return { driver: engine.driver(), reader };
}

test("a transaction's nodes and relationships come together when it has committed, and what is rolled back never", async () => {
  const { driver, reader } = await start();
  const session = driver.session();
  const undone = session.beginTransaction();
  await undone.run("CREATE (:Never)");
  await undone.rollback();
  const transaction = session.beginTransaction();
  await transaction.run("CREATE (a:A {n: 1})-[:KNOWS {since: 2}]->(b:B)");
  await rows(driver, "CREATE (:First)");
  await transaction.run("MATCH (a:A) SET a.n = 3, a:C");
  await transaction.commit();
  await session.run("MATCH (n) DETACH DELETE n");
  const commits = await reader.read();
  expect(commits.map(({ changes }) => changes.map(({ namespace, op }) => `${op} ${namespace}`))).toEqual([
    ["insert node"],
    ["insert node", "insert node", "insert relationship", "update node", "update node"],
    expect.arrayContaining(["delete node", "delete node", "delete node", "delete relationship"]) as string[],
  ]);
  const [a, b, knows] = commits[1]!.changes;
  expect(a!.after).toBe('{"labels":["A"],"properties":{"n":1}}');
  const idOf = (key: string) => (JSON.parse(key) as { id: number }).id;
  expect(JSON.parse(knows!.after!)).toEqual({
    type: "KNOWS",
    start: idOf(a!.key),
    end: idOf(b!.key),
    properties: { since: 2 },
  });
  const last = commits[1]!.changes.at(-1)!;
  expect(JSON.parse(last.after!)).toEqual({ labels: ["A", "C"], properties: { n: 3 } });
});

test("properties keep their types and all their digits", async () => {
  const { driver, reader } = await start();
  await rows(
    driver,
    `CREATE ({whole: 9007199254740993, float: 1.0, none: 0.0/0.0, text: 'ä"', yes: true, list: [1, 2],
      day: date('2024-02-29'), at: datetime('2024-02-29T12:00:00.000000001+02:00'), took: duration('P1M2DT3S'),
      place: point({longitude: 1.5, latitude: 2})})`,
  );
  const [change] = await reader.changes();
  const members = change!.after!.slice(change!.after!.indexOf('"properties":{') + 14, -2);
  expect(members).toContain('"whole":9007199254740993');
  expect(members).toContain('"float":1.0');
  const { properties } = JSON.parse(change!.after!) as { properties: object };
  expect(properties).toMatchObject({
    none: { $type: "Float", _value: "NaN" },
    text: 'ä"',
    yes: true,
    list: [1, 2],
    day: { $type: "Date", _value: "2024-02-29" },
    at: { $type: "ZonedDateTime", _value: "2024-02-29T12:00:00.000000001+02:00" },
    took: { $type: "Duration", _value: "P1M2DT3S" },
    place: { $type: "Point", _value: { srid: 4326, coordinates: [1.5, 2] } },
  });
});
