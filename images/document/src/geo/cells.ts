import { toDouble } from "../bson/numbers.ts";
import { show } from "../bson/show.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { readGeoJson, storedShape } from "./shapes.ts";

/**
 * What a geo index keeps of a document: that it has a place. All documents with one are looked at by a query.
 *
 * @throws MongoError 16755, 13027 for what is no place
 */
export function geoCellKeys(value: Value, kind: "2dsphere" | "2d"): Value[] {
  if (kind === "2d") {
    if (!Array.isArray(value) && !(value instanceof Doc)) return [null];
    const [x, y] = Array.isArray(value) ? value : [...value.values()];
    if (!isNumeric(x) || !isNumeric(y)) throw new MongoError(13068, "geo field only has 1 element");
    if (Math.abs(toDouble(x)) > 180 || Math.abs(toDouble(y)) > 180) {
      throw new MongoError(13027, `point not in interval of [ -180, 180 ] :: caused by :: ${show(value)}`);
    }
    return [true];
  }
  const values = Array.isArray(value) && !isNumeric(value[0]) ? value : [value];
  for (const one of values) {
    const reason = one instanceof Doc && one.has("type") ? readGeoJson(one) : undefined;
    if (typeof reason === "string" || storedShape(one) === undefined) {
      throw new MongoError(
        16755,
        `Can't extract geo keys: ${show(one)}  ${typeof reason === "string" ? reason : "unknown GeoJSON type"}`,
      );
    }
  }
  return [true];
}
