import { expect, test } from "vitest";
import { distanceWithin, pointOf, type Shape, scoreOf } from "../src/storage/geo-cells.ts";
import { EngineInMemory } from "./engine-in-memory.ts";
import { Random } from "./oracle/random.ts";
import { RecordingJournal } from "./recording-journal.ts";

test("places are recorded as the scores that they are", () => {
  const engine = new EngineInMemory();
  const journal = new RecordingJournal();
  engine.server.propagation.journal = journal;
  engine.run("GEOADD", "g", "CH", 13.361389, 38.115556, "Palermo");
  expect(journal.take()).toEqual(["ZADD g CH 3479099956230698 Palermo"]);
  engine.run("GEORADIUS", "g", 13, 38, 100, "km", "STORE", "near");
  expect(journal.take()).toEqual(["GEORADIUS g 13 38 100 km STORE near"]);
  expect(engine.run("ZSCORE", "near", "Palermo")).toBe("3479099956230698");
});

test("a search by cells finds what a look at every place finds", () => {
  const seed = Number(process.env.WEFTKIT_TEST_SEED ?? 1);
  const random = new Random(seed);
  const engine = new EngineInMemory();
  const coordinate = (max: number) => (random.below(2_000_001) / 1_000_000 - 1) * max;
  const places = Array.from({ length: 300 }, (_, index) => {
    const place = { longitude: coordinate(180), latitude: coordinate(85), name: `p${index}` };
    engine.run("GEOADD", "g", place.longitude, place.latitude, place.name);
    return place;
  });
  for (let round = 0; round < 300; round++) {
    // Not across the date line, nor over a pole: there Redis's cells end, too.
    const center = { longitude: coordinate(60), latitude: coordinate(50) };
    const metres = 1000 * (1 + random.below(2500));
    const isBox = random.chance(50);
    const shape: Shape = isBox ? { center, width: metres, height: metres } : { center, radius: metres };
    const words = isBox ? ["BYBOX", metres, metres, "m"] : ["BYRADIUS", metres, "m"];
    const found = engine.run("GEOSEARCH", "g", "FROMLONLAT", center.longitude, center.latitude, ...words);
    const expected = places.filter((place) => distanceWithin(shape, pointOf(scoreOf(place))) !== undefined);
    expect((found as string[]).sort(), `seed ${seed}, round ${round}`).toEqual(
      expected.map(({ name }) => name).sort(),
    );
  }
});
