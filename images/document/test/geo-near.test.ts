import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

test("$geoNear gives the nearest first, with their distances in metres, and the filter's alone", async () => {
  const client = await (await RunningEngine.start()).client();
  const places = client.db("app").collection<{ _id: number; location: object; kind: string }>("places");
  const at = (longitude: number, latitude: number) => ({ type: "Point", coordinates: [longitude, latitude] });
  await places.insertMany([
    { _id: 1, location: at(0, 0.02), kind: "park" },
    { _id: 2, location: at(0, 0.01), kind: "park" },
    { _id: 3, location: at(0, 0), kind: "school" },
    { _id: 4, location: at(0, 1), kind: "park" },
  ]);
  const stage = {
    near: at(0, 0),
    distanceField: "dist.calculated",
    includeLocs: "dist.location",
    maxDistance: 5000,
    query: { kind: "park" },
  } as const;
  const error = await places
    .aggregate([{ $geoNear: stage }])
    .toArray()
    .catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 27 });
  await places.createIndex({ location: "2dsphere" });
  const found = await places.aggregate([{ $geoNear: stage }, { $limit: 5 }]).toArray();
  expect(found.map(({ _id }) => _id)).toEqual([2, 1]);
  // A hundredth of a degree of a sphere of 6,378.1 km.
  expect(found[0]!.dist.calculated).toBeCloseTo((6_378_100 * Math.PI) / 18_000, 3);
  expect(found[1]!.dist.location).toEqual(at(0, 0.02));
  const late = places.aggregate([{ $match: {} }, { $geoNear: stage }]).toArray();
  await expect(late).rejects.toMatchObject({ code: 40603 });
});
