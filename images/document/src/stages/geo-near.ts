import { isTruthy, toDouble } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, Double, type Value } from "../bson/values.ts";
import { MongoError, typeMismatch } from "../errors.ts";
import { metadataOf, setMetadata } from "../expressions/context.ts";
import { fieldPathParts, parseExpression } from "../expressions/parse.ts";
import { parseNear } from "../geo/parse.ts";
import type { Filter } from "../query/filter.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { pathOf } from "../query/path.ts";
import { nestedValue, withValue } from "./basic.ts";
import { defineStage, mapStage } from "./registry.ts";
import type { Stage } from "./stage.ts";

const options = [
  "near",
  "distanceField",
  "spherical",
  "minDistance",
  "maxDistance",
  "distanceMultiplier",
  "query",
  "key",
  "includeLocs",
];

defineStage("$geoNear", (operand, context) => {
  const { expressions, db, collection, host } = context;
  if (!(operand instanceof Doc)) throw new MongoError(10065, "$geoNear must be an object");
  for (const name of operand.keys()) {
    if (!options.includes(name)) throw new MongoError(2, `Unknown argument to $geoNear: ${name}`);
  }
  const constant = (name: string, codes: readonly [number, number]): Value | undefined => {
    const given = operand.get(name);
    if (given === undefined) return undefined;
    const { isConstant, evaluate } = parseExpression(given, expressions);
    if (!isConstant) throw new MongoError(codes[1], `$geoNear requires a constant '${name}' argument`);
    return evaluate({ root: undefined, slots: [] });
  };
  const near = constant("near", [5860400, 5860402]);
  if (!operand.has("near")) throw new MongoError(5860400, "$geoNear requires a 'near' argument");
  if (!(near instanceof Doc) && !Array.isArray(near))
    throw new MongoError(
      5860401,
      `$geoNear requires near argument to be a GeoJSON object or a point, but found ${typeName(near)}`,
    );
  const distanceField = operand.get("distanceField");
  if (distanceField !== undefined && typeof distanceField !== "string")
    throw new MongoError(16606, "$geoNear requires that the 'distanceField' option is a String");
  const includeLocs = operand.get("includeLocs");
  if (includeLocs !== undefined && typeof includeLocs !== "string")
    throw new MongoError(16607, "$geoNear requires that 'includeLocs' option is a String");
  const key = operand.get("key");
  if (key !== undefined && typeof key !== "string")
    throw typeMismatch(`$geoNear parameter 'key' must be of type string but found type: ${typeName(key)}`);
  if (typeof key === "string" && key !== "") fieldPathParts(key);
  if (key === "") throw new MongoError(2, "$geoNear parameter 'key' cannot be the empty string");
  const query = operand.get("query");
  if (query !== undefined && !(query instanceof Doc))
    throw typeMismatch(
      `BSON field '$geoNear.query' is the wrong type '${typeName(query)}', expected type 'object'`,
    );
  const multiplier = operand.get("distanceMultiplier");
  if (multiplier !== undefined && !isNumeric(multiplier))
    throw typeMismatch(
      `$geoNear parameter 'distanceMultiplier' must be of type number, found ${typeName(multiplier)}`,
    );
  const factor = isNumeric(multiplier) ? toDouble(multiplier) : 1;
  if (!(factor >= 0)) throw new MongoError(2, "$geoNear requires a nonnegative 'distanceMultiplier'");
  const path = key ?? host.geoPath(db, collection ?? "");
  const bounds = Doc.empty();
  bounds.setIf("$minDistance", constant("minDistance", [14, 7555701]));
  bounds.setIf("$maxDistance", constant("maxDistance", [14, 7555702]));
  for (const [name, bound] of bounds) {
    if (!isNumeric(bound)) throw typeMismatch(`${name.slice(1)} must be a number`);
    if (!(toDouble(bound) >= 0)) throw new MongoError(2, `${name.slice(1)} must be nonnegative`);
  }
  const isSphere = isTruthy(operand.get("spherical")) || (near instanceof Doc && near.has("type"));
  const place: Value = near instanceof Doc && near.has("type") ? Doc.of({ $geometry: near }) : near;
  const filters: Filter[] = [
    { kind: "near", path: pathOf(path), near: parseNear(isSphere ? "$nearSphere" : "$near", place, bounds) },
  ];
  if (query instanceof Doc) filters.push(parseFilter(query, { context: expressions }));
  const [distanceParts, locationParts] = [distanceField, includeLocs].map((one) =>
    one === undefined ? undefined : fieldPathParts(one),
  );
  const search: Stage = {
    name: "$geoNear",
    spec: operand,
    filter: { kind: "and", children: filters },
    connect: () => {
      throw new MongoError(
        40603,
        "$geoNear was not the first stage in the pipeline after optimization. Is optimization disabled or inhibited?",
      );
    },
  };
  const withDistance = mapStage("$addFields", operand, (doc) => {
    let made = doc;
    const distance = metadataOf(doc)?.geoDistance;
    if (distanceParts !== undefined && distance !== undefined)
      made = withValue(made, distanceParts, new Double(distance * factor));
    const location = nestedValue(doc, path.split("."));
    if (locationParts !== undefined && location !== undefined)
      made = withValue(made, locationParts, location);
    return setMetadata(made, metadataOf(doc));
  });
  return [search, withDistance];
});
