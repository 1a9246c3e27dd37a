import { describe, expect, test } from "vitest";
import type { RestorePoint } from "../src/contract/manifest.ts";
import { parseRetention, restorePointsMax, retain } from "../src/engine/retention.ts";

const hourMs = 3_600_000;
const now = Date.UTC(2026, 0, 31, 12);

/** One point every `everyMs`, newest first, the newest at `now`. */
function pointsEvery(everyMs: number, count: number): RestorePoint[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: count - index,
    time: now - index * everyMs,
    manifest: String(count - index).padStart(64, "0"),
  }));
}

describe("retention", () => {
  test.each([
    [
      "24h all, 7d daily",
      [
        { ageMs: 24 * hourMs, every: "all" },
        { ageMs: 168 * hourMs, every: "daily" },
      ],
    ],
    ["90m all", [{ ageMs: 1.5 * hourMs, every: "all" }]],
  ])("%j is read", (text, rules) => expect(parseRetention(text)).toEqual(rules));

  test.each(["", "24h", "all", "24 all", "24h some", "24h all 7d daily"])("%j is refused", (text) =>
    expect(() => parseRetention(text)).toThrow(expect.objectContaining({ code: "bad_retention" })),
  );

  test("keeps all of the last day, and the newest of each day before it", () => {
    const kept = retain(pointsEvery(15 * 60_000, 4 * 24 * 10), parseRetention("24h all, 7d daily"), now);
    const older = kept.filter(({ time }) => now - time > 24 * hourMs);
    expect(kept.length - older.length).toBe(4 * 24 + 1);
    expect(older.map(({ time }) => new Date(time).toISOString())).toEqual([
      "2026-01-29T23:45:00.000Z",
      "2026-01-28T23:45:00.000Z",
      "2026-01-27T23:45:00.000Z",
      "2026-01-26T23:45:00.000Z",
      "2026-01-25T23:45:00.000Z",
      "2026-01-24T23:45:00.000Z",
    ]);
  });

  test("keeps the last two verified states, whatever their age", () => {
    const points = pointsEvery(48 * hourMs, 10).map((point) =>
      [2, 3, 5].includes(point.seq) ? { ...point, verified: true as const } : point,
    );
    expect(retain(points, parseRetention("1h all"), now).map(({ seq }) => seq)).toEqual([10, 5, 3]);
  });

  test("thins the older ones out when there are too many", () => {
    const points = pointsEvery(1000, 5000);
    const kept = retain(points, parseRetention("24h all"), now);
    expect(kept.length).toBeLessThanOrEqual(restorePointsMax);
    expect(kept.slice(0, 100)).toEqual(points.slice(0, 100));
  });
});

describe("clocks that are wrong", () => {
  const rules = parseRetention("24h all, 7d daily");
  const dayMs = 24 * hourMs;

  test("ahead during one push do not age what was before it", () => {
    const points = pointsEvery(hourMs, 24);
    const ahead = { ...points[0]!, seq: 25, time: now + 8 * dayMs, manifest: "f".repeat(64) };
    // The function's clock was right: the older of the two is what counts.
    expect(retain([ahead, ...points], rules, now)).toHaveLength(25);
    expect(retain([ahead, ...points], rules, now + hourMs)).toHaveLength(25);
  });

  test("behind during one push do not make it old", () => {
    const points = pointsEvery(hourMs, 24);
    const behind = { ...points[0]!, seq: 25, time: now - 30 * dayMs, manifest: "f".repeat(64) };
    expect(retain([behind, ...points], rules, now)[0]).toBe(behind);
  });
});
