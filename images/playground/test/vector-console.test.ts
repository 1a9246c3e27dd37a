import { expect, test } from "vitest";
import { projectOnPrincipalAxes } from "../src/consoles/vector/principal-axes.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

const forever = new AbortController().signal;
const matrixOf = (rows: readonly (readonly number[])[]) => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 1,
  values: Float32Array.from(rows.flat()),
});

test("the axes are those of an ellipse, longest first, and the whole variance is seen", async () => {
  const rows = Array.from({ length: 200 }, (_, i) => {
    const angle = (i * Math.PI) / 100;
    const [long, short] = [10 * Math.cos(angle), 2 * Math.sin(angle)];
    // Turned by 45 degrees, moved, and in a space of three dimensions.
    return [5 + (long - short) / Math.SQRT2, (long + short) / Math.SQRT2, 7];
  });
  const { points, share } = await projectOnPrincipalAxes(matrixOf(rows), forever);
  expect(Math.max(...points.map(([x]) => Math.abs(x)))).toBeCloseTo(10, 2);
  expect(Math.max(...points.map(([, y]) => Math.abs(y)))).toBeCloseTo(2, 2);
  expect(share).toBeCloseTo(1, 5);
});

test.each([
  ["no rows", []],
  ["one row", [[1, 2, 3]]],
  [
    "equal rows",
    [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
  ],
  [
    "a line",
    [
      [1, 1],
      [2, 2],
      [4, 4],
    ],
  ],
])("%s have places too", async (_, rows) => {
  const { points } = await projectOnPrincipalAxes(matrixOf(rows), forever);
  expect(points).toHaveLength(rows.length);
  expect(points.flat().every(Number.isFinite)).toBe(true);
});

test("a map has what vectors there are, of one of their names, and says of what there is more", async () => {
  const engine = await startEngine("vector");
  const { service } = await startPlayground([engine.text]);
  const client = await ApiClient.loggedIn(service.port);
  const ask = (method: string, request: unknown) =>
    client.operate(engine.text, "ask", { method, request: JSON.stringify(request) });
  const map = async (body: unknown) => (await client.operate(engine.text, "map", body)).body;
  await ask("CreateCollection", { name: "c", dimensions: 2, named_vectors: { wide: { dimensions: 3 } } });
  const vectors = Array.from({ length: 700 }, (_, i) => ({
    id: `v${i}`,
    values: [i + 1, 1],
    metadata: { half: i < 350 ? "first" : "second" },
    ...(i < 10 && { named: { wide: { values: [i, 1, 2] } } }),
  }));
  await ask("UpsertVectors", { collection: "c", vectors });
  const all = await map({ collection: "c", dimensions: 2 });
  expect(all.points).toHaveLength(700);
  expect(all).toMatchObject({ isWhole: true });
  expect(await map({ collection: "c", dimensions: 3, vectorName: "wide" })).toMatchObject({
    points: { length: 10 },
  });
  const half = await map({ collection: "c", dimensions: 2, filter: { half: "first" } });
  expect(half.points).toHaveLength(350);
  expect(half.points[0].facts).toEqual({ half: "first" });
  expect((await map({ collection: "c", dimensions: 5 })).error.code).toBe("invalid_request");
  expect((await map({ collection: "none", dimensions: 5 })).error.code).toBe("not_found");
});
