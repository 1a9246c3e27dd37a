import neo4j from "neo4j-driver";
import { expect, test } from "vitest";
import { RunningEngine, rows } from "./running-engine.ts";

test("values of all types go both ways, and are kept as they are", async () => {
  const engine = await RunningEngine.start();
  const driver = engine.driver({ disableLosslessIntegers: false, useBigInt: true });
  const { Date: CypherDate, DateTime, Duration, LocalDateTime, LocalTime, Time, Point } = neo4j.types;
  const values: unknown[] = [
    true,
    1n,
    -(2n ** 63n),
    2n ** 63n - 1n,
    2n ** 53n + 1n,
    1.5,
    Number.POSITIVE_INFINITY,
    "text é€𝄞",
    new Int8Array([1, 2, 255]),
    [1n, 2n, 3n],
    ["a", "b"],
    new CypherDate(2024n, 2n, 29n),
    new CypherDate(-5n, 1n, 1n),
    new LocalTime(1n, 2n, 3n, 456n),
    new Time(1n, 2n, 3n, 456n, -16_200n),
    new LocalDateTime(1969n, 12n, 31n, 23n, 59n, 59n, 999_999_999n),
    new DateTime(2024n, 5n, 6n, 7n, 8n, 9n, 10n, 3723n),
    new DateTime(2024n, 3n, 31n, 4n, 0n, 0n, 0n, 7200n, "Europe/Berlin"),
    new Duration(14n, -3n, 7200n, 5n),
    new Point(7203n as never, 1.5, -2.5),
    new Point(4979n as never, 12.5, 55.7, 100),
  ];
  for (const value of values) {
    const [kept] = await rows(driver, "CREATE (n:Kept {value: $value}) RETURN n.value AS value", { value });
    expect(kept!.value, String(value)).toEqual(value instanceof Int8Array ? new Int8Array(value) : value);
  }
  const mixed = { list: [null, 1n, { a: "b" }], nothing: null, map: new Map() };
  const [echoed] = await rows(driver, "RETURN $p AS p", { p: { ...mixed, map: {} } });
  expect(echoed!.p).toEqual({ ...mixed, map: {} });
});

test("old clients get date-times by the local clock", async () => {
  const engine = await RunningEngine.start();
  const driver = engine.driver();
  const [row] = await rows(
    driver,
    "CREATE (a:A {x: 1})-[r:R {y: 2}]->(b:B) RETURN a, r, b, [(a)-[q]->(b) | q] AS l, {a: a} AS m",
  );
  const { a, r, b } = row as {
    a: { labels: string[] };
    r: { type: string; startNodeElementId: string };
    b: { elementId: string };
  };
  expect([a.labels, r.type, b.elementId.split(":").length]).toEqual([["A"], "R", 3]);
  expect(r.startNodeElementId).toBe((a as unknown as { elementId: string }).elementId);
});
